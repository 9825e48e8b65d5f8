/** The part of markdown-it that tests use; the package brings no types. */
declare module "markdown-it" {
  /** A part of a document. */
  export interface Token {
    readonly type: string;
    readonly content: string;
    /** Of a fenced block its language. */
    readonly info: string;
    readonly attrs: readonly (readonly [string, string])[] | null;
    readonly children: readonly Token[] | null;
  }

  export default class MarkdownIt {
    constructor(settings: { readonly html: boolean; readonly linkify: boolean });
    readonly linkify: { set(settings: { readonly fuzzyLink: boolean }): void };
    parse(text: string, env: object): Token[];
  }
}
