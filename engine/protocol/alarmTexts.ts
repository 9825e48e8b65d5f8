import { ALARM_DURATIONS, type AlarmEntry, ALARMS, describeAlarm, seenOf } from "./alarms.ts";
import type { Translate } from "../common/format.ts";
import type { AlarmState } from "./runState.ts";

/** Every text of the catalogue of alarms, for translators. */
export function alarmTexts(): readonly string[] {
  const texts = ALARMS.flatMap(({ label, why, actions, seen }) => [
    label,
    why,
    ...actions.map(({ text }) => text),
    ...seen,
  ]);
  return [...texts, ...ALARM_DURATIONS];
}

/** Describes an alarm in another language, as `describeAlarm` does. */
export function translatedAlarm(name: string, translate: Translate, kinds?: readonly string[]): AlarmEntry {
  const entry = describeAlarm(name, kinds);
  const { label, why, actions } = entry;
  return {
    ...entry,
    label: translate(label),
    why: translate(why),
    actions: actions.map(({ text, settings }) => ({ text: translate(text), settings })),
  };
}

/** The observation in another language: events have it in English, as they outlive their reader's language. */
export function translatedSeen(alarm: Pick<AlarmState, "name" | "message">, translate: Translate): string {
  const time = (value: string | number): string => translated(String(value), ALARM_DURATIONS, translate);
  return translated(seenOf(alarm), describeAlarm(alarm.name).seen, (template, ...values) =>
    translate(template, ...values.map(time)),
  );
}

/** A text by its template, with the values that stand in it; a text that has no template stays as it is. */
function translated(text: string, templates: readonly string[], translate: Translate): string {
  for (const template of templates) {
    const values = valuesIn(text, template.split(/\{\d+\}/));
    if (values !== undefined) return translate(template, ...values);
  }
  return text;
}

/**
 * The values between the parts of a template, each of one line, the first ones as long as they can be; undefined where
 * the parts do not stand in a text. Looks for each part once, from the end, so that no text takes long.
 */
function valuesIn(text: string, [first = "", ...rest]: readonly string[]): string[] | undefined {
  const last = rest.pop();
  if (last === undefined) return text === first ? [] : undefined;
  if (!text.startsWith(first) || !text.endsWith(last)) return undefined;
  let end = text.length - last.length;
  const values: string[] = [];
  for (const part of rest.reverse()) {
    const at = text.lastIndexOf(part, end - 1 - part.length);
    if (at < first.length || end - 1 - part.length < 0) return undefined;
    values.unshift(text.slice(at + part.length, end));
    end = at;
  }
  values.unshift(text.slice(first.length, Math.max(first.length, end)));
  return values.every((value) => value !== "" && !/[\n\r\u2028\u2029]/.test(value)) ? values : undefined;
}
