import type { FigureView } from "../../../engine/protocol/service.ts";

/** A figure that is drawn, with something that is missing, and one that cannot be drawn. */
export const FIGURES: readonly FigureView[] = [
  {
    ...{ name: "alpha", source: "Figure 4a", title: "Win rate by α", description: "Adjusted win rate by α" },
    isMeasured: false,
    spec: {
      title: "Win rate against ppo by α",
      caption: "n = 1,024; one base seed.",
      panels: [
        {
          kind: "xy",
          title: "inDistribution",
          x: { label: "α" },
          y: { label: "Adjusted win rate", format: "percent" },
          series: [
            {
              name: "against ppo",
              color: -1,
              look: "line",
              points: [
                { x: 0, value: 0.5, n: 1024, nSeeds: 1, color: 0, label: "ppo" },
                { x: 0.5, value: 0.55, low: 0.53, high: 0.57, n: 1024, nSeeds: 1, color: 1, label: "salsa" },
                { x: 1, value: 0.4, low: 0.38, high: 0.42, n: 1024, nSeeds: 1, color: 2, label: "other" },
              ],
            },
          ],
          marks: [{ axis: "y", at: 0.5 }],
        },
      ],
    },
    lacks: [
      { what: "No arm has its reference at α = 0.75", snippet: '"arms": { "alpha-75": { "reference": "soup75" } }' },
    ],
  },
  {
    ...{
      name: "line",
      source: "Figures 2a and 2b",
      title: "Reward along the line",
      description: "Mean reward of soups",
    },
    isMeasured: true,
    lacks: [{ what: "It is not measured yet", command: "figure line demo-1" }],
  },
];
