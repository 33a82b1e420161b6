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
    return difference(np.array(values[OURS][figure]) - np.array(values[best][figure]))


def difference(differences):
    """The mean with, where there are several splits, the standard error of the paired differences."""
    text = f"{differences.mean():+.4f}"
    if len(differences) > 1:
        text += f" ± {differences.std(ddof=1) / np.sqrt(len(differences)):.4f}"
    return text


def versions(engines):
    return ", ".join(f"{name} {version}" for name, version in engines.items()) + f"; {machine()}"
