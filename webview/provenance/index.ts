import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-checkbox/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import "@vscode-elements/elements/dist/vscode-textfield/index.js";
import { css, html, nothing, type TemplateResult } from "lit";
import type { DashboardMethod, DashboardRequests } from "../../engine/protocol/dashboard.ts";
import type { ModelArtifact, RunProvenance } from "../../engine/protocol/service.ts";
import { DashboardElement } from "../element.ts";
import { t } from "../localize.ts";
import { LatestRequest } from "../parts/latestRequest.ts";
import { choice, choiceStyles } from "../parts/choice.ts";
import { formatBytes } from "../../engine/common/format.ts";
import { emptyNotice, failedNotice, loadingNotice } from "../parts/notice.ts";
import { baseStyles, controlStyles, noticeStyles, tableStyles } from "../parts/styles.ts";
import { configDifferences, configTree, type Json } from "./configDifferences.ts";
import { Remembered } from "../remembered.ts";
import type { SectionEvent } from "./configTree.ts";
import { modelTable } from "./modelTable.ts";
import { titleOfRun } from "../shell/runList.ts";
import { sourceState, sourceStyles } from "./sourceState.ts";
import "./configTree.ts";

/** View state for the config of a run. */
interface Setup {
  /** Folder of the run to compare with: "" for none; undefined until the user chooses. */
  readonly other?: string;
  readonly search: string;
  readonly onlyDifferences: boolean;
  /** Paths of sections that the user has opened or closed. */
  readonly toggled: readonly (readonly [path: string, isOpen: boolean])[];
}

const START: Setup = { search: "", onlyDifferences: false, toggled: [] };

/** Provenance of a run: code, machine, models, and the resolved config. */
export class ProvenanceView extends DashboardElement {
  static override readonly styles = [
    baseStyles,
    noticeStyles,
    controlStyles,
    choiceStyles,
    tableStyles,
    sourceStyles,
    css`
      :host {
        padding: 12px 16px;
      }
      section {
        margin-bottom: 22px;
      }
      h2 {
        margin-bottom: 8px;
      }
      dl {
        display: grid;
        grid-template-columns: max-content minmax(0, 1fr);
        gap: 3px 20px;
        margin: 0;
      }
      dt {
        color: var(--vscode-descriptionForeground);
      }
      dd {
        margin: 0;
        overflow-wrap: anywhere;
        text-align: left;
      }
      dd .link {
        text-align: left;
      }
      .summary {
        margin-top: 8px;
      }
      .bar {
        margin-bottom: 8px;
      }
      vscode-textfield {
        width: 200px;
      }
    `,
  ];
  private readonly setups = new Remembered("provenance.setup", START);
  private readonly own = new LatestRequest<RunProvenance>(this);
  private readonly others = new LatestRequest<RunProvenance>(this);
  private readonly models = new LatestRequest<readonly ModelArtifact[]>(this);

  protected override render(): TemplateResult {
    const [folder] = this.model.focus.runs;
    if (folder === undefined) return emptyNotice({ icon: "list-selection", title: t("No run is chosen") });
    const { host } = this.model;
    // The device is recorded when the run starts; including it in the key requests the provenance again.
    const device = this.model.outline(folder)?.device ?? "";
    const ask = (): Promise<RunProvenance> => host.request("provenance", { folder });
    const { value, problem } = this.own.ask(`${folder} ${device}`, ask);
    if (problem !== undefined)
      return failedNotice(t("The run's config could not be read"), problem, () => this.own.retry());
    if (value === undefined) return loadingNotice(t("Reading the run's config…"));
    return html`<section aria-labelledby="run">
        <h2 id="run">${t("Run")}</h2>
        ${this.facts(value)}
      </section>
      <section aria-labelledby="source">
        <h2 id="source">${t("Source")}</h2>
        ${sourceState(value.git, {
          copy: (text) => this.request("copy", { text }),
          open: (text) => this.request("openText", { title: `${value.id}.diff`, language: "diff", text }),
        })}
      </section>
      <section aria-labelledby="models">
        <h2 id="models">${t("Models")}</h2>
        ${this.modelList(folder)}
      </section>
      <section aria-labelledby="config">
        <h2 id="config">${t("Config as resolved")}</h2>
        ${this.config(folder, value)}
      </section>`;
  }

  private facts(provenance: RunProvenance): TemplateResult {
    const { configFile, folder, seeds, device, salsa, node, platform, cpu, memoryBytes } = provenance;
    const fact = (name: string, value: string | TemplateResult): TemplateResult =>
      html`<dt>${name}</dt>
        <dd>${value}</dd>`;
    return html`<dl>
      ${fact(
        t("Config"),
        html`<button
          class="link"
          title=${t("Open {0}", configFile)}
          @click=${() => this.request("openFile", { file: configFile })}
        >
          ${configFile}
        </button>`,
      )}
      ${fact(
        t("Folder"),
        html`<button
          class="link"
          title=${t("Reveal Run Folder")}
          @click=${() => this.request("command", { command: "salsa.revealRunFolder", folder })}
        >
          ${folder}
        </button>`,
      )}
      ${fact(t("Base seeds"), seeds.join(", "))} ${fact(t("Device"), device === "" ? t("not started yet") : device)}
      ${fact(t("Machine"), `${platform}, ${cpu}, ${formatBytes(memoryBytes)}`)}
      ${fact(t("Versions"), `SALSA ${salsa}, Node ${node}`)}
    </dl>`;
  }

  private modelList(folder: string): TemplateResult {
    const nDone = this.model.outline(folder)?.stages.filter(({ status }) => status === "finished").length ?? 0;
    const { host } = this.model;
    const { value, problem } = this.models.ask(`${folder} ${nDone}`, () => host.request("models", { folder }), {
      keepsLast: true,
    });
    if (problem !== undefined)
      return failedNotice(t("The models could not be listed"), problem, () => this.models.retry());
    if (value === undefined) return loadingNotice(t("Looking for models…"));
    return modelTable(value, {
      open: (file) => this.request("openFile", { file }),
      copy: (text) => this.request("copy", { text }),
    });
  }

  private config(folder: string, { id, config }: RunProvenance): TemplateResult {
    const other = this.setup.other ?? this.model.focus.runs[1] ?? "";
    const { host } = this.model;
    const answer =
      other === "" || other === folder
        ? undefined
        : this.others.ask(other, () => host.request("provenance", { folder: other }));
    if (answer?.problem !== undefined) {
      return html`${this.configBar(folder, other, undefined)}
      ${failedNotice(t("The other run's config could not be read"), answer.problem, () => this.others.retry())}`;
    }
    const { search, onlyDifferences, toggled } = this.setup;
    const here = config as unknown as Json;
    const there = answer?.value?.config as unknown as Json | undefined;
    const nDifferent = there === undefined ? undefined : configDifferences(here, there).length;
    return html`${this.configBar(folder, other, nDifferent)}
      <salsa-config-tree
        .nodes=${configTree(here, there)}
        .search=${search}
        .onlyDifferences=${onlyDifferences && there !== undefined}
        .toggled=${toggled}
        @toggle-section=${({ path, isOpen }: SectionEvent) =>
          this.set({ toggled: [...toggled.filter(([one]) => one !== path), [path, isOpen]] })}
        .here=${id}
        .there=${there === undefined ? undefined : answer?.value?.id}
      ></salsa-config-tree>`;
  }

  private configBar(folder: string, other: string, nDifferent: number | undefined): TemplateResult {
    const { search, onlyDifferences } = this.setup;
    return html`<div class="toolbar bar" role="search">
      <vscode-textfield
        label=${t("Search settings")}
        placeholder=${t("Search settings")}
        .value=${search}
        @input=${(event: Event) => this.set({ search: (event.target as HTMLInputElement).value.trim() })}
      >
        <vscode-icon slot="content-before" name="search"></vscode-icon>
      </vscode-textfield>
      ${this.otherPicker(folder, other)}
      ${
        nDifferent === undefined
          ? nothing
          : html`<span role="status">
                ${nDifferent === 0 ? t("The configs are the same.") : nDifferent === 1 ? t("1 difference") : t("{0} differences", nDifferent)}
              </span>
              <vscode-checkbox
                label=${t("Differences only")}
                ?checked=${onlyDifferences}
                @change=${(event: Event) => this.set({ onlyDifferences: (event.target as HTMLInputElement).checked })}
              ></vscode-checkbox>`
      }
      <span class="spacer"></span>
      <vscode-button
        secondary
        icon="diff"
        @click=${() => this.request("command", { command: "salsa.diffConfigs", folder })}
      >
        ${t("Compare in Editor…")}
      </vscode-button>
    </div>`;
  }

  private otherPicker(folder: string, other: string): TemplateResult | typeof nothing {
    const runs = [...this.model.runs.values()]
      .filter((run) => run.folder !== folder)
      .sort((a, b) => b.createdAt - a.createdAt);
    if (runs.length === 0) return nothing;
    return html`<span class="field"
      ><span aria-hidden="true">${t("Compare with")}</span> ${choice({
        label: t("Compare with"),
        options: [
          { value: "", label: t("no other run") },
          ...runs.map((run) => ({ value: run.folder, label: `${titleOfRun(this.model, run.folder)} · ${run.name}` })),
        ],
        value: other,
        chosen: (value) => this.set({ other: value }),
      })}</span
    >`;
  }

  private get setup(): Setup {
    return this.setups.of(this.model, this.model.focus.runs[0] ?? "");
  }

  private set(change: Partial<Setup>): void {
    this.setups.set(this.model, this.model.focus.runs[0] ?? "", change);
    this.requestUpdate();
  }

  private request<M extends DashboardMethod>(method: M, params: DashboardRequests[M]["params"]): void {
    // The editor itself reports failures of its actions.
    this.model.host.request(method, params).catch(() => undefined);
  }
}

customElements.define("salsa-provenance", ProvenanceView);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-provenance": ProvenanceView;
  }
}
