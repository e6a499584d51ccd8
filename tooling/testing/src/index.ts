/** Tests of whole systems. */
export type { TestContextLike } from "./kept-log.ts";
export { startTestSystem, type TestSystem, type TestSystemOptions, type TestUser } from "./test-system.ts";
