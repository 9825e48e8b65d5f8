export { type ClaimsPlan, planClaims } from "./plan.ts";
export { type ClaimRoles, findRoles } from "./roles.ts";
export { wholeClaimsConfig } from "./seedConfig.ts";
export { type SeedRequest, knownEvidence, measureSeed } from "./seedRun.ts";
