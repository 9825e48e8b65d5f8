import {
  type TokenizerJson,
  type TokenizerObject,
  idAt,
  isObject,
  listAt,
  objectAt,
  textAt,
  unexpected,
} from "./fields.ts";

/** Ids of a sequence, framed by the tokens that begin and end it. */
export type PostProcessor = (ids: readonly number[]) => readonly number[];

/** The post-processor of a tokenizer.json, for one sequence. @throws {TokenizerError} when it is of no known kind. */
export function postProcessorAt(value: TokenizerJson | undefined, place = "post_processor"): PostProcessor {
  if (value === undefined || value === null) return (ids) => ids;
  const settings = objectAt(value, place);
  const type = textAt(settings["type"], `${place}.type`);
  switch (type) {
    case "Sequence": {
      const all = listAt(settings["processors"], `${place}.processors`).map((one) => postProcessorAt(one, place));
      return (ids) => all.reduce((framed, frame) => frame(framed), ids);
    }
    case "TemplateProcessing":
      return template(settings, place);
    case "BertProcessing":
    case "RobertaProcessing": {
      const before = tokenAt(settings["cls"], `${place}.cls`);
      const after = tokenAt(settings["sep"], `${place}.sep`);
      return (ids) => [before, ...ids, after];
    }
    case "ByteLevel":
      return (ids) => ids; // it only trims offsets
    default:
      throw unexpected(`${place}.type`, "a known post-processor", type);
  }
}

/** A token and its id. */
function tokenAt(value: TokenizerJson | undefined, place: string): number {
  return idAt(listAt(value, place)[1], place);
}

function template(settings: TokenizerObject, place: string): PostProcessor {
  const specials = objectAt(settings["special_tokens"] ?? {}, `${place}.special_tokens`);
  const pieces = listAt(settings["single"], `${place}.single`).map((piece): readonly number[] | undefined => {
    const { SpecialToken: special, Sequence: sequence } = objectAt(piece, `${place}.single`);
    if (sequence !== undefined) return undefined;
    const name = textAt(isObject(special) ? special["id"] : undefined, `${place}.single`);
    const token = objectAt(Object.hasOwn(specials, name) ? specials[name] : undefined, `${place}.special_tokens`);
    return listAt(token["ids"], `${place}.special_tokens`).map((id) => idAt(id, `${place}.special_tokens`));
  });
  return (ids) => pieces.flatMap((piece) => piece ?? ids);
}
