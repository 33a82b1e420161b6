"""Markdown of what was measured."""

import os
import platform

import numpy as np

OURS = "Underwright"
PEERS = ["LightGBM", "XGBoost", "CatBoost"]
BETTER = {"auc": max, "log_loss": min}


def machine():
    """One line about the machine, for under a table."""
    model = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
        model = names[0] if names else model
    load = f", load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} cores ({model}), {platform.system()}, Python {platform.python_version()}{load}"


def table(header, rows):
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def quality(results):
    """A table each for tuned and default settings, with constraints on and off."""
    parts = [versions(results["engines"])]
    for kind in ("tuned", "default"):
        for constraints in ("on", "off"):
            parts.append(f"**{kind.capitalize()}, monotone constraints {constraints}** (AUC / log-loss)")
            parts.append(quality_table(results["runs"], constraints, kind))
    return "\n\n".join(parts)


def quality_table(runs, constraints, kind):
    rows = []
    for name, run in runs.items():
        values = {engine: columns[kind] for engine, columns in run.get(constraints, {}).items()}
        cells = [" / ".join(f"{np.mean(values[engine][figure]):.4f}" for figure in BETTER) if engine in values else ""
                 for engine in [*PEERS, OURS]]
        rows.append([name, *cells, *(ahead(values, figure) for figure in BETTER)])
    return table(["", *PEERS, OURS, "AUC: ours - best of three", "log-loss: ours - best of three"], rows)


def ahead(values, figure):
    """How far ours is from the peer that is best at this figure."""
    known = [engine for engine in PEERS if engine in values]
    if OURS not in values or not known:
        return ""
    best = BETTER[figure](known, key=lambda engine: np.mean(values[engine][figure]))
    splits = min(len(values[OURS][figure]), len(values[best][figure]))
    return difference(np.array(values[OURS][figure][:splits]) - np.array(values[best][figure][:splits]))


def difference(differences):
    """The mean with, where there are several splits, the standard error of the paired differences."""
    text = f"{differences.mean():+.4f}"
    if len(differences) > 1:
        text += f" ± {differences.std(ddof=1) / np.sqrt(len(differences)):.4f}"
    return text


def versions(engines):
    return ", ".join(f"{name} {version}" for name, version in engines.items()) + f"; {machine()}"


def speed(results):
    """A table per job: medians, and ratios to LightGBM of the same round."""
    parts = [machine()]
    for job, runs in results.items():
        rounds = len(next(iter(runs.values())))
        parts.append(f"**Training, {job}** (median of {rounds}; ratio to LightGBM from pandas: min, median, max)")
        rows = []
        for engine, its in runs.items():
            cells = [engine]
            for figure, digits in (("whole_s", 2), ("whole_mb", 0), ("fit_s", 2), ("fit_mb", 0)):
                values = [run[figure] for run in its]
                if None in values:
                    cells += ["", ""]
                    continue
                cells += [f"{np.median(values):.{digits}f}", ratios(values, [run[figure] for run in runs.get("lightgbm", [])])]
            rows.append([*cells, f"{its[0]['auc']:.4f}"])
        header = ["", "whole, s", "ratio", "whole, MB", "ratio", "fit, s", "ratio", "fit, MB", "ratio", "AUC"]
        parts.append(table(header, rows))
    return "\n\n".join(parts)


def ratios(values, others):
    """Least, median and greatest ratio of runs of the same round."""
    if not others or None in others:
        return ""
    each = np.array(values) / np.array(others)
    return f"{each.min():.2f}, **{np.median(each):.2f}**, {each.max():.2f}"


def explain(results):
    """Microseconds per applicant (median, with least and most), ratios to ours, and files scored and explained."""
    columns = [("predict", 1), ("explain", 1), ("predict", 1000), ("explain", 1000)]
    found = {(k["engine"], k["call"], k["rows"]): k["us_per_row"] for k in results["kernels"]}
    engines = list(dict.fromkeys(kernel["engine"] for kernel in results["kernels"]))
    header = ["predict, one", "explain, one", "predict, of 1,000", "explain, of 1,000"]
    cell = lambda of, engine, column: of(found[engine, *column]) if (engine, *column) in found else ""
    rows = [[engine, *(cell(spread, engine, column) for column in columns)] for engine in engines]
    parts = [machine(), table(["µs per applicant", *header], rows)]
    if OURS in engines:
        rows = [[engine, *(cell(lambda values: times(values, found[OURS, *column]), engine, column)
                           for column in columns)] for engine in engines if engine != OURS]
        parts.append(table(["times ours: min, median, max", *header], rows))
    if "file" in results:
        rows = [[run["engine"], run["explain"], f"{run['rows']:,}", f"{run['whole_s']:.1f}",
                 f"{run['rows'] / run['whole_s']:,.0f}", f"{run['whole_mb']:.0f}"] for run in results["file"]]
        parts.append(table(["a file scored and explained", "explain", "rows", "s", "rows a second", "MB"], rows))
    return "\n\n".join(parts)


def times(values, ours):
    """Least, median and greatest ratio of runs of the same round."""
    each = np.array(values) / np.array(ours)
    least, median, most = (f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
                           for value in (each.min(), np.median(each), each.max()))
    return f"{least}, **{median}**, {most}"


def spread(values):
    median, least, most = (f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
                           for value in (np.median(values), min(values), max(values)))
    return f"**{median}**" if len(values) == 1 else f"**{median}** ({least} to {most})"
