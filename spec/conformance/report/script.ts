/**
 * The script of the HTML report: filter, expand, copy. The page works without it.
 * @module
 */

/** Plain JavaScript, without a build step. */
export const SCRIPT: string = `
const cases = [...document.querySelectorAll("[data-case]")];
const words = document.querySelector("#words");
const boxes = [...document.querySelectorAll("[data-outcome]")];
const show = () => {
  const wanted = words.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const outcomes = new Set(boxes.filter((box) => box.checked).map((box) => box.dataset.outcome));
  for (const one of cases) {
    const text = one.dataset.case.toLowerCase();
    one.hidden = !outcomes.has(one.dataset.is) || !wanted.every((word) => text.includes(word));
  }
};
words.addEventListener("input", show);
for (const box of boxes) box.addEventListener("change", show);
for (const button of document.querySelectorAll("[data-open]")) {
  button.addEventListener("click", () => {
    const open = button.dataset.open === "1";
    for (const one of document.querySelectorAll("section > details")) one.open = open;
  });
}
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.nextElementSibling.textContent);
    button.textContent = "Copied";
  });
}
const reveal = () => {
  const found = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let at = found; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  found?.scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();
`;

/** The SHA-256 of the script, as a content security policy names it. */
export const SCRIPT_HASH: string = "sha256-Z+bK3Z5mgqJvmJ7yrFplVLCX826SRKYBowacXwoNvzg=";
