import { css, html, nothing, type TemplateResult } from "lit";
import { formatBytes } from "../../engine/common/format.ts";
import {
  MEMORY_ROLES,
  MEMORY_ROLE_NAMES,
  type MemoryByRole,
  type MemoryRole,
  largestByRole,
} from "../../engine/common/memory.ts";
import type { StageState } from "../../engine/protocol/runState.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import { stageName } from "../../engine/protocol/stageName.ts";
import { DashboardElement } from "../element.ts";
import { fromCatalogue, t } from "../localize.ts";
import { emptyNotice } from "../parts/notice.ts";
import { baseStyles, noticeStyles, tableStyles } from "../parts/styles.ts";
import { type Style, styled } from "../parts/styled.ts";
import { titleOfRun } from "../shell/runList.ts";
import { outlinesOf } from "./settings.ts";

const MEBIBYTE = 2 ** 20;

/** A stage of a run with its planned memory. */
interface Row {
  readonly run: RunOutline;
  readonly stage: StageState;
  readonly memoryByRole: MemoryByRole;
  readonly bytes: number;
}

/** Planned memory of the largest stage of each kind by what it is for, beside the most that was measured. */
class MemoryTable extends DashboardElement {
  static override readonly styles = [
    baseStyles,
    noticeStyles,
    tableStyles,
    css`
      :host {
        --policy: var(--vscode-charts-blue);
        --reference: var(--vscode-charts-green);
        --critic: var(--vscode-charts-purple);
        /* Themes of high contrast have no orange. */
        --reward: var(--vscode-charts-foreground);
        --optimizer: var(--vscode-charts-yellow);
        --activations: var(--vscode-charts-red);
        --other: var(--vscode-descriptionForeground);
        display: block;
        padding: 6px 0 8px;
      }
      table {
        width: auto;
      }
      p {
        max-width: 75em;
        margin: 6px 8px 0;
      }
      td.bar {
        min-width: 160px;
      }
      .parts {
        display: flex;
        gap: 1px;
        height: 12px;
      }
      .parts span {
        min-width: 1px;
      }
      .key {
        display: inline-block;
        width: 9px;
        height: 9px;
        margin-right: 5px;
      }
    `,
  ];

  protected override render(): TemplateResult {
    const runs = outlinesOf(this.model);
    const rows = runs.flatMap(rowsOf);
    if (rows.length === 0) {
      const text = t("Runs record it when they begin, from this version on. Resume the run, or run its config again.");
      return emptyNotice({ icon: "server", title: t("No planned memory is recorded"), text });
    }
    const roles = MEMORY_ROLES.filter((role) => rows.some(({ memoryByRole }) => memoryByRole[role]));
    const most = Math.max(...rows.map(({ bytes }) => bytes));
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("Memory by Role")}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t("Stage")}</th>
              <th scope="col"><span class="visually-hidden">${t("Share")}</span></th>
              ${roles.map((role) => html`<th scope="col" class="number">${key(role)}${fromCatalogue(MEMORY_ROLE_NAMES[role])}</th>`)}
              <th scope="col" class="number">${t("Planned")}</th>
              <th scope="col" class="number">${t("Measured")}</th>
            </tr>
          </thead>
          <tbody>
            ${rows.map((row) => this.row(row, { roles, most, isOneRun: runs.length === 1 }))}
          </tbody>
        </table>
      </div>
      <p class="muted">
        ${t(
          "The largest stage of each kind, as planned when the run began: weights, the optimizer's moments, activations with gradients and caches, and what the host holds beside them. Measured is the most that the backend held in a record of that stage, which leaves out the host's.",
        )}
      </p>`;
  }

  private row(
    { run, stage, memoryByRole, bytes }: Row,
    {
      roles,
      most,
      isOneRun,
    }: { readonly roles: readonly MemoryRole[]; readonly most: number; readonly isOneRun: boolean },
  ): TemplateResult {
    const name = stageName(stage, fromCatalogue);
    const measured = this.measured(run, stage.id);
    const look = (role: MemoryRole, part: number): Style => {
      return { width: `${((100 * part) / most).toFixed(2)}%`, background: `var(--${role})` };
    };
    return html`<tr>
      <th scope="row">${isOneRun ? name : `${name} · ${titleOfRun(this.model, run.folder)}`}</th>
      <td class="bar">
        <div class="parts" aria-hidden="true">
          ${roles.map((role) => {
            const part = memoryByRole[role];
            return part === undefined
              ? nothing
              : html`<span ${styled(look(role, part))} title=${fromCatalogue(MEMORY_ROLE_NAMES[role])}></span>`;
          })}
        </div>
      </td>
      ${roles.map((role) => html`<td class="number">${memoryByRole[role] === undefined ? "–" : formatBytes(memoryByRole[role])}</td>`)}
      <td class="number">${formatBytes(bytes)}</td>
      <td class="number">${measured === undefined ? "–" : formatBytes(measured)}</td>
    </tr>`;
  }

  /** Bytes; undefined where nothing is recorded, and until it is read. */
  private measured({ folder, series }: RunOutline, stage: string): number | undefined {
    if (series[stage]?.["device/memory"] === undefined) return undefined;
    const values = this.model.curve(folder, { stage, metric: "device/memory" })?.values ?? new Float64Array();
    const most = values.reduce((highest, value) => (value > highest ? value : highest), 0);
    return most === 0 ? undefined : most * MEBIBYTE;
  }
}

function rowsOf(run: RunOutline): readonly Row[] {
  const stages = run.stages.flatMap((stage) => {
    const { memory: memoryByRole, kind } = stage;
    if (memoryByRole === undefined) return [];
    const memoryBytes = Object.values(memoryByRole).reduce((sum, bytes) => sum + bytes, 0);
    return [{ kind, memoryByRole, memoryBytes, stage }];
  });
  return largestByRole(stages).stages.map(({ memoryByRole, memoryBytes: bytes, stage }) => {
    return { run, stage, memoryByRole, bytes };
  });
}

function key(role: MemoryRole): TemplateResult {
  return html`<span class="key" aria-hidden="true" ${styled({ background: `var(--${role})` })}></span>`;
}

customElements.define("salsa-memory-by-role", MemoryTable);
