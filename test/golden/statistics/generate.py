"""Makes the golden values that engine/evaluation/statistics is tested against.

    python3 -m venv /tmp/venv-stats
    /tmp/venv-stats/bin/pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0 scikit-learn==1.9.1 krippendorff==0.9.0
    /tmp/venv-stats/bin/python test/golden/statistics/generate.py

Inputs are drawn here and stand in golden.json beside what SciPy, statsmodels, scikit-learn and krippendorff make of them.
Ratings follow the definition of Arena-Hard v0.1 (logistic regression on signed one-hot rows, a tie once as a win and once
as a loss, a strong verdict three times, the baseline at 1000), rates at equal length that of AlpacaEval without
difficulties (tanh of the difference in units of its standard deviation, a judged probability as two weighted rows), and
rates at equal style that of Arena-Hard, not centred.
"""

import json
import pathlib
import re

import krippendorff
import numpy as np
import statsmodels.api as sm
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa, to_table
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import normal_sample_size_one_tail
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

HERE = pathlib.Path(__file__).parent
RIDGE = 0.1
RANDOM = np.random.default_rng(13)


def floats(values):
    return [float(value) for value in values]


def penalized(x, y, weight=None, ridge=RIDGE):
    """Coefficients with ½·ridge·Σ coefficient²; a judged probability is a win and a loss with weights."""
    weight = np.ones(len(y)) if weight is None else weight
    model = LogisticRegression(C=1 / ridge, fit_intercept=False, solver="newton-cholesky", tol=1e-14, max_iter=1000)
    rows = np.concatenate([x, x])
    model.fit(rows, np.r_[np.ones(len(y)), np.zeros(len(y))], sample_weight=np.r_[weight * y, weight * (1 - y)])
    return model.coef_[0]


def clustered(x, y, groups, weight=None):
    """Unpenalized coefficients and their clustered covariance, without statsmodels' factor (n − 1)/(n − k)."""
    kwargs = {} if weight is None else {"freq_weights": weight}
    fit = sm.GLM(y, x, family=sm.families.Binomial(), **kwargs).fit(
        cov_type="cluster", cov_kwds={"groups": groups}, tol=1e-14, maxiter=200
    )
    n, k = (len(y) if weight is None else weight.sum()), x.shape[1]
    return fit.params, fit.cov_params() * (n - k) / (n - 1)


def sign_tests():
    cases = [(8, 2), (60, 41), (0, 7), (311, 280), (2000, 1800)]
    flat = [{"wins": w, "losses": l, "p": float(stats.binomtest(w, w + l).pvalue)} for w, l in cases]
    by_cluster = []
    for size in (6, 9, 12):
        sums = RANDOM.integers(-4, 6, size)
        test = stats.permutation_test((sums,), np.sum, permutation_type="samples", n_resamples=np.inf)
        by_cluster.append({"sums": sums.tolist(), "p": float(test.pvalue)})
    return {"flat": flat, "clustered": by_cluster}


def holm():
    ps = RANDOM.uniform(0, 0.02, 12)
    return {"ps": floats(ps), "adjusted": floats(multipletests(ps, method="holm")[1])}


def intervals():
    wilson = [(8, 10), (264, 500), (1, 40)]
    alike = [20, 512]
    return {
        "wilson": [
            {"wins": w, "n": n, "ends": floats(proportion_confint(w, n, method="wilson"))} for w, n in wilson
        ],
        "clopperPearson": [{"n": n, "ends": floats(proportion_confint(n, n, method="beta"))} for n in alike],
    }


def clustered_mean():
    groups = RANDOM.integers(0, 15, 60)
    xs = RANDOM.choice([0, 0.5, 1], 60) + 0.1 * groups
    fit = sm.OLS(xs, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": groups})
    return {"xs": floats(xs), "groups": groups.tolist(), "variance": float(fit.cov_params()[0, 0])}


def equivalence():
    cases = []
    for shift, n in ((0.0, 400), (0.015, 900), (-0.04, 50)):
        xs = 0.5 + shift + RANDOM.normal(0, 0.2, n)
        p = DescrStatsW(xs).ttost_mean(0.48, 0.52)[0]
        cases.append({"estimate": float(xs.mean()), "variance": float(xs.var(ddof=1) / n), "n": n, "p": float(p)})
    return cases


def power():
    cases = []
    for rate, ties in ((0.6, 0), (0.55, 0.4), (0.52, 0.7)):
        variance = (1 - ties) / 4
        needed = normal_sample_size_one_tail(
            rate - 0.5, 0.8, 0.025, std_null=variance**0.5, std_alternative=(variance - (rate - 0.5) ** 2) ** 0.5
        )
        cases.append({"adjusted": rate, "tieRate": ties, "n": float(needed)})
    return cases


def length_control():
    n = 120
    lengths = RANDOM.integers(20, 400, (n, 2))
    gap = lengths[:, 0] - lengths[:, 1]
    x = np.c_[np.ones(n), np.tanh(gap / gap.std(ddof=1))]
    chance = 1 / (1 + np.exp(-x @ [-0.4, 1.2]))
    points = np.where(RANDOM.uniform(size=n) < 0.2, 0.5, RANDOM.uniform(size=n) < chance)
    points[:10] = RANDOM.uniform(size=10)
    groups = RANDOM.integers(0, 40, n)
    free, covariance = clustered(x, points, groups)
    return {
        "lengths": lengths.tolist(),
        "points": floats(points),
        "groups": groups.tolist(),
        "rate": float(1 / (1 + np.exp(-penalized(x, points)[0]))),
        "unpenalized": floats(free),
        "covariance": floats(covariance.ravel()),
    }


TEXTS = [
    "# Title\n\nSome **bold** and __more__.\n\n1. one\n2. two\n\n- a\n* b\n+ c\n",
    "####### seven\n#no space\n   - indented\n\n\n  3. late\n\n\n12. twelve",
    "```python\n# not a header\n- not a list\n**not bold**\n```\n## Two\n**a** **b** * * *",
    "plain words, nothing else",
    "",
    "- [ ] task\n-not\n**un\nclosed** __x__ ****\n######\tsix\n#",
]


def count_marks(text):
    for block in re.findall("```([^`]*)```", text):
        text = text.replace(block, "") if block else text
    count = lambda pattern: len(re.findall(pattern, text, re.MULTILINE))
    return {
        "headers": count(r"^#{1,6}\s"),
        "lists": count(r"^\s*\d+\.\s") + count(r"^\s*[-*+]\s"),
        "bold": count(r"\*\*[^*\n]+\*\*") + count(r"__[^_\n]+__"),
    }


def style_control():
    n = 150
    length = RANDOM.integers(50, 500, (n, 2))
    marks = RANDOM.poisson([3.0, 6.0, 4.0], (n, 2, 3))
    density = marks / length[:, :, None]
    gaps = np.c_[
        (length[:, 0] - length[:, 1]) / length.sum(1), (density[:, 0] - density[:, 1]) / (density.sum(1) + 1)
    ]
    x = np.c_[np.ones(n), gaps / gaps.std(0, ddof=1)]
    chance = 1 / (1 + np.exp(-x @ [0.5, 0.6, 0.2, -0.3, 0.8]))
    points = np.where(RANDOM.uniform(size=n) < 0.15, 0.5, RANDOM.uniform(size=n) < chance)
    names = ("headers", "lists", "bold")
    styles = [
        [{"length": int(length[i, side])} | dict(zip(names, marks[i, side].tolist())) for side in (0, 1)]
        for i in range(n)
    ]
    rate = 1 / (1 + np.exp(-penalized(x, points)[0]))
    return {"styles": styles, "points": floats(points), "rate": float(rate), "marks": [
        {"text": text, "counts": count_marks(text)} for text in TEXTS
    ]}


def ratings():
    models = ["base", "m1", "m2", "m3"]
    strength = dict(zip(models, (0, 0.5, -0.4, 1.1)))
    battles = []
    for question in range(60):
        mood = RANDOM.normal(0, 0.4, 4)
        for one in range(4):
            for other in range(one + 1, 4):
                gap = strength[models[one]] + mood[one] - strength[models[other]] - mood[other]
                u = RANDOM.uniform()
                points = 0.5 if u < 0.15 else float(RANDOM.uniform() < 1 / (1 + np.exp(-gap)))
                weight = 3 if points != 0.5 and RANDOM.uniform() < 0.2 else 1
                battles.append((models[one], models[other], points, weight, question))
    others = models[1:]
    x = np.array([[(m == a) - (m == b) for m in others] for a, b, *_ in battles], float)
    points = np.array([battle[2] for battle in battles])
    weight = np.array([battle[3] for battle in battles])
    groups = np.array([battle[4] for battle in battles])
    # Weighted rows are repeated, so that the sandwich adds them up within their question.
    repeats = np.repeat(np.arange(len(battles)), weight)
    free, covariance = clustered(x[repeats], points[repeats], groups[repeats])
    arena = penalized(x * np.log(10), points, weight, ridge=1e-9)
    scale = 400 / np.log(10)
    half = stats.t.ppf(0.975, 59) * scale * np.sqrt(np.diag(covariance))
    return {
        "battles": [dict(zip(("a", "b", "points", "weight", "question"), (*b[:4], str(b[4])))) for b in battles],
        "ratings": dict(zip(others, floats(1000 + 400 * arena))),
        "clustered": {m: floats((1000 + scale * free[k] - half[k], 1000 + scale * free[k] + half[k])) for k, m in enumerate(others)},
    }


def agreement():
    first = RANDOM.choice(["a", "b", "tie"], 80, p=[0.5, 0.3, 0.2])
    second = np.where(RANDOM.uniform(size=80) < 0.6, first, RANDOM.choice(["a", "b", "tie"], 80))
    kappa = cohens_kappa(to_table(np.c_[first, second].astype(str))[0])
    assert abs(kappa.kappa - cohen_kappa_score(first, second)) < 1e-12
    units = RANDOM.integers(1, 5, (30, 1)) + RANDOM.integers(0, 2, (30, 4))
    ratings = np.where(RANDOM.uniform(size=(30, 4)) < 0.25, np.nan, units.astype(float))
    ratings[0, 1:] = np.nan
    alpha = {
        scale: float(krippendorff.alpha(reliability_data=ratings.T, level_of_measurement=scale))
        for scale in ("nominal", "ordinal")
    }
    return {
        "pairs": np.c_[first, second].tolist(),
        "kappa": [float(kappa.kappa), float(kappa.kappa_low), float(kappa.kappa_upp)],
        "units": [[None if np.isnan(one) else int(one) for one in unit] for unit in ratings],
        "alpha": alpha,
    }


GOLDEN = {
    "signTests": sign_tests(),
    "holm": holm(),
    "intervals": intervals(),
    "clusteredMean": clustered_mean(),
    "equivalence": equivalence(),
    "power": power(),
    "lengthControl": length_control(),
    "styleControl": style_control(),
    "ratings": ratings(),
    "agreement": agreement(),
}
(HERE / "golden.json").write_text(json.dumps(GOLDEN, separators=(",", ":")) + "\n")
