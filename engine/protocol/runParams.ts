export interface RunParams {
  /** `<root>/runs/<id>`. */
  readonly folder: string;
}
