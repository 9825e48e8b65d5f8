import { DataError } from "../../protocol/errors.ts";

/** Longest name of a repository with its owner, as the hub has it. */
const LONGEST = 96;
const PART = /^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9_])?$/;

/** The rule in words, for messages. */
const RULE =
  "write owner/name with letters, digits, - _ and ., beginning and ending with a letter or digit, without -- or .., 96 characters at most";

/** True for a name of a model's repository, `owner/name`, that the hub takes. */
export function isRepositoryName(text: string): boolean {
  const parts = text.split("/");
  return (
    text.length <= LONGEST &&
    parts.length === 2 &&
    parts.every((part) => PART.test(part) && !/--|\.\./.test(part)) &&
    !/\.(?:git|ipynb)$/i.test(text)
  );
}

/** @throws {DataError} when a text is no name of a repository on the hub. */
export function checkRepositoryName(text: string): void {
  if (!isRepositoryName(text)) throw new DataError("is not the name of a repository", { file: text, remedy: RULE });
}
