import { createMemoryStore } from "../../../adapters/store/memory.ts";
import { storeContract } from "./contract.ts";

storeContract("the memory store", () => Promise.resolve(createMemoryStore()));
