import assert from "node:assert/strict";
import type { Message } from "../../../../engine/protocol/conversation.ts";
import { ChatTemplate } from "../../../../engine/text/chat/template.ts";

const MESSAGES: readonly Message[] = [
  { role: "user", content: "hi" },
  { role: "assistant", content: "hello" },
];

function template(text: string): ChatTemplate {
  return new ChatTemplate(text, { where: "chat_template.jinja", specialTokens: new Map(), date: new Date(0) });
}

function refused(text: string): Error {
  try {
    template(text).render(MESSAGES);
  } catch (error) {
    assert.ok(error instanceof Error);
    assert.equal(error.name, "ChatTemplateError", text);
    assert.match(error.message, /^chat_template\.jinja: the chat template .+; .+/s);
    return error;
  }
  return assert.fail(`not refused: ${text}`);
}

const DOUBLED = "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(N) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}";

describe("a chat template from anywhere", function () {
  this.timeout(60_000);

  it("sees nothing but the conversation, the tokens' names and a date", () => {
    assert.equal(
      template("{{ strftime_now('%d %b %Y, %-d/%-m %A %H:%M') }}").render(MESSAGES),
      "01 Jan 1970, 1/1 Thursday 00:00",
    );
    refused("{{ messages.constructor.constructor('return process')() }}");
    refused("{% import 'os' as os %}");
    refused("{% include 'other.jinja' %}");
  });

  it("is refused with its own words when it raises", () => {
    assert.match(
      refused("{{ raise_exception('roles must alternate') }}").message,
      /refuses a conversation: roles must alt/,
    );
  });

  for (const [what, text] of Object.entries({
    "nests loops": "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
    "nests empty loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "counts without end": "{{ range(10**15) | length }}",
    "counts backwards without end": "{{ range(1, -10**15, -1) | length }}",
    "doubles a text": `${DOUBLED.replace("N", "99")}{{ ns.s }}`,
    "works on a large text again and again": `${DOUBLED.replace("N", "19")}{% for i in range(99999) %}{% if ns.s | upper == ns.s %}{% endif %}{% endfor %}`,
    "nests lists":
      "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s | tojson }}",
    "calls itself": "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
    "calls itself twice": "{% macro f(x) %}{% if x > 0 %}{{ f(x-1) }}{{ f(x-1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "indents without measure": "{{ [1,[2]] | tojson(indent=100000000) }}",
    "nests brackets": `{{ ${"(".repeat(100_000)} }}`,
    "is not closed": "{% for message in messages",
    "has pages of blanks": `a${" ".repeat(5000)}b`,
    "is too long": "x".repeat(300_000),
  })) {
    it(`is refused when it ${what}`, () => {
      refused(text);
    });
  }

  const LISTED = "{% for i in range(12) %}{% set ns.l = ns.l + ns.l %}{% endfor %}";
  for (const [what, text] of Object.entries({
    "a list holds a large text many times": `${DOUBLED.replace("N", "15")}{% set ns.l = [ns.s] %}${LISTED}{{ ns.l | tojson }}`,
    "a namespace hides how much a list holds": `{% set big = namespace() %}{% set ns = namespace(l=[big]) %}${LISTED}{% set big.s = range(9999) %}{{ ns.l | tojson }}`,
    "a namespace holds itself": "{% set ns = namespace() %}{% set ns.self = ns %}{{ ns | tojson }}",
    "each of many lists is indented": `{% set ns = namespace(l=[range(99)]) %}${LISTED.replace("12", "3")}{{ ns.l | tojson(indent=999999) }}`,
    "each of many lists has long separators": `${DOUBLED.replace("N", "17")}{% set ns.l = [range(999)] %}${LISTED.replace("12", "6")}{{ ns.l | tojson(separators=[ns.s, ns.s]) }}`,
  })) {
    it(`is refused before the memory is full where ${what}`, () => {
      assert.match(refused(text).message, /done more work|namespace in a list|characters between values/);
    });
  }

  const LARGE = DOUBLED.replace("N", "19");
  for (const [what, text] of Object.entries({
    "numbers are joined with a large text": `${LARGE}{{ range(9999) | join(ns.s) }}`,
    "they are so by the separator's name": `${LARGE}{{ range(9999) | join(separator=ns.s) }}`,
    "they are so by arguments in a list": `${LARGE}{% set a = [ns.s] %}{{ range(9999) | join(*a) }}`,
    "the letters of a large text are replaced by it": `${LARGE}{{ ns.s | replace("x", ns.s) }}`,
    "they are so by a method": `${LARGE}{{ ns.s.replace("x", ns.s) }}`,
    "they are so by a method of another name": `${LARGE}{% set f = ns.s["replace"] %}{{ f("", ns.s) }}`,
    "lines are indented far": `${LARGE}{{ ns.s.replace("x", "\\na") | indent(width=9999) }}`,
    "a text is split into its letters": `${LARGE}{{ ns.s.split("x") | length }}`,
  })) {
    it(`is refused before a text or list is made that is too large where ${what}`, () => {
      const before = process.memoryUsage().heapUsed;
      assert.match(refused(text).message, /a text of more than 16 million|a list of more than a million/);
      assert.ok(process.memoryUsage().heapUsed - before < 150 << 20);
    });
  }

  it("joins, replaces, splits and indents what is no larger than anybody needs", () => {
    assert.equal(template("{{ [1, 2] | join(', ') }} {{ [1, 2] | join(separator='+') }}").render(MESSAGES), "1, 2 1+2");
    assert.equal(
      template("{{ 'aXbX'.replace('X', '-', 1) }} {{ 'aX' | replace('X', '') }}").render(MESSAGES),
      "a-bX a",
    );
    assert.equal(
      template("{{ 'a,b c'.split(',') | join('|') }} {{ ' a b '.split() | length }}").render(MESSAGES),
      "a|b c 2",
    );
    assert.equal(template("{{ 'a\\nb' | indent(2, true) }}").render(MESSAGES), "  a\n  b");
    const method = "{% set f = '</think>x</think>y'.split %}{{ f('</think>')[-1] }}";
    assert.equal(template(method).render(MESSAGES), "y");
  });

  it("may keep what it has seen in a namespace, and read long conversations", () => {
    const text =
      "{% set ns = namespace(last=none) %}{% for m in messages %}{% set ns.last = m %}{{ loop.index0 ~ m.content }}{% endfor %}{{ ns.last.content | length }}";
    const content = "x".repeat(100_000);
    const rendered = template(text).render(Array.from({ length: 50 }, () => ({ role: "user", content })));
    assert.ok(rendered.endsWith("x100000"));
  });
});
