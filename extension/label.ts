/** Characters of a label, which is read at a glance; a message may have this many, too. */
const MOST = 1000;

/**
 * Text from files as a label or a message of the editor: in one line, without marks of direction, and without what the
 * editor would make an icon (`$(…)`) or a link (`[…](…)`) of.
 */
export function label(text: string): string {
  const shown = text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text;
  return shown
    .replace(/\p{Bidi_Control}/gu, "")
    .replace(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/\$(?=\()|\](?=\()/g, "$& ");
}
