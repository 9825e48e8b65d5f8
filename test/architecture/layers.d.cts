import type { ICruiseOptions, IFlattenedRuleSet } from "dependency-cruiser";

declare const layers: {
  readonly forbidden: NonNullable<IFlattenedRuleSet["forbidden"]>;
  readonly options: ICruiseOptions;
};
export = layers;
