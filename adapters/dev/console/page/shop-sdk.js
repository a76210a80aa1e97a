/**
 * A stand-in for the script of the vendor's SDK, for development: `initialize`, and `create("login")`.
 * Written from the vendor's public documentation; nothing in it is the vendor's. Works as a module and as
 * a plain script.
 */
(() => {
  const script = document.currentScript?.src ??
    [...document.querySelectorAll("script[src$='/shop-sdk.js']")].at(-1)?.src ?? location.href;
  const shop = new URL(script).origin;
  const warn = (text) => console.warn(`shop-sdk.js, a stand-in for development: ${text}`);
  const KNOWN = ["apiKey", "scope", "locale", "features", "onReady", "onError"];
  const LOGIN = ["attributes", "onComplete", "onError", "onReady"];

  function reportUnknown(where, given, known) {
    for (const name of Object.keys(given)) {
      if (!known.includes(name)) warn(`${where} ignores "${name}"`);
    }
  }

  function createLogin(options, config) {
    const { onComplete, onError, attributes = {} } = config;
    const element = document.createElement("button");
    element.type = "button";
    element.textContent = "Sign in with Shop";
    let end = () => {};
    element.addEventListener("click", () => {
      end();
      const state = crypto.randomUUID();
      const url = new URL("/sign-in", shop);
      const asked = { client_id: options.apiKey, origin: location.origin, state };
      for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
      if (options.scope) url.searchParams.set("scope", options.scope);
      const popup = open(url, "shop-sign-in", "popup,width=460,height=640");
      if (popup === null) {
        return onError?.({ code: "popup_blocked", message: "The browser blocked it" });
      }
      const hear = ({ origin, source, data }) => {
        // Another page cannot pass for the shop, nor an earlier window for this one.
        if (origin !== shop || source !== popup || data?.state !== state) return;
        end();
        if (data.event) onComplete?.(data.event);
      };
      end = () => removeEventListener("message", hear);
      addEventListener("message", hear);
    });
    for (const name of Object.keys(attributes)) {
      if (name !== "scope") warn(`the attribute "${name}" does nothing`);
    }
    return {
      element,
      destroy() {
        end();
        element.remove();
      },
    };
  }

  globalThis.ShopSDK = {
    initialize(options = {}) {
      if (typeof options.apiKey !== "string") throw new TypeError("initialize needs an apiKey");
      reportUnknown("initialize", options, KNOWN);
      warn("no real user signs in here");
      queueMicrotask(() => options.onReady?.());
      return {
        create(feature, config = {}) {
          if (feature !== "login") {
            return Promise.reject(
              new Error(`The stand-in has no feature "${feature}", only "login"`),
            );
          }
          reportUnknown('create("login")', config, LOGIN);
          return Promise.resolve(createLogin(options, config)).then((login) => {
            config.onReady?.();
            return login;
          });
        },
      };
    },
  };
})();
