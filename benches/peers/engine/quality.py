#!/usr/bin/env python3
"""AUC and log-loss of LightGBM, XGBoost, CatBoost and Underwright on five sets of real loans.

Every engine gets the same rows, columns and monotone directions. It is measured with its defaults, and tuned:
12 configurations are fitted on an inner part of the training rows, the one with the least log-loss on the
rest of them is fitted on all of them, and only then is the test part looked at.

Results are kept in a JSON file, split by split; a run measures only what the file lacks, so it may be stopped, and
peers and Underwright may be measured in turn. The Markdown tables go to standard output.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import log_loss, roc_auc_score

import datasets
import peers
import report
from underwright import Underwright


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder with the five files, .csv or .csv.gz")
    parser.add_argument("--underwright", help="path to the underwright binary; without it only the peers run")
    parser.add_argument("--sets", nargs="+", choices=datasets.ALL, default=list(datasets.ALL))
    parser.add_argument("--engines", nargs="+", choices=[*peers.ALL, "underwright"], default=[*peers.ALL, "underwright"])
    parser.add_argument("--constraints", nargs="+", choices=["on", "off"], default=["on", "off"])
    parser.add_argument("--repeats", type=int, default=3, help="rounds of 5 folds for sets below 5,000 rows (others: 1)")
    parser.add_argument("--threads", type=int, default=1, help="of the peers; no figure depends on it")
    parser.add_argument("--results", default="quality.json", help="read if it exists, and brought up to date")
    parser.add_argument("--again", action="store_true", help="measure also what the results file has")
    return parser.parse_args()


def measure_peer(peer, data, rows, monotone, threads):
    """The test figures of a peer on one outer split: with its defaults, and tuned."""
    train, test = rows
    fit_rows, tune_rows = data.inner_split(train)

    def part(rows):
        return data.table.iloc[rows], data.bad[rows]

    def figures(predict, rows):
        predicted = predict(data.table.iloc[rows])
        return {"auc": roc_auc_score(data.bad[rows], predicted), "log_loss": log_loss(data.bad[rows], predicted)}

    defaults = figures(peer(threads, monotone).fit({}, part(train)), test)
    tried = []
    for number, params in enumerate(peer.grid):
        engine = peer(threads, monotone)
        predict = engine.fit(params | peer.growing(), part(fit_rows), part(tune_rows))
        tried.append((figures(predict, tune_rows)["log_loss"], number, engine.trees))
    _, number, trees = min(tried)
    tuned = figures(peer(threads, monotone).fit(peer.grid[number] | peer.growing(trees), part(train)), test)
    return {"default": defaults, "tuned": tuned | {"configuration": number, "trees": trees}}


def measure_underwright(engine, data, rows, monotone):
    """The same of Underwright. Its trees are counted by `train` itself, on rows held out within those it is given."""
    train, test = rows
    fit_rows, tune_rows = data.inner_split(train)

    def figures(params, train, test):
        figures = engine.measure(data, params, monotone, train, test)
        return {"auc": figures["auc"], "log_loss": figures["log_loss"]}

    defaults = figures({}, train, test)
    tried = [
        (figures(params | engine.growing(), fit_rows, tune_rows)["log_loss"], number)
        for number, params in enumerate(engine.grid)
    ]
    _, number = min(tried)
    tuned = figures(engine.grid[number] | engine.growing(), train, test)
    return {"default": defaults, "tuned": tuned | {"configuration": number}}


def add_split(run, split, seconds):
    """Appends the figures of a split to those of an engine's earlier ones: `{"default": {"auc": [...], ...}, "tuned": {...}}`."""
    for kind, figures in split.items():
        columns = run.setdefault(kind, {})
        for key, value in figures.items():
            columns.setdefault(key, []).append(value)
    run["seconds"] = round(run.get("seconds", 0) + seconds, 1)


def splits_done(run):
    return len(run.get("tuned", {}).get("auc", []))


def measure(measures, data, monotone, runs, repeats):
    """Every outer split in turn, and in each the engines that have not done it; yields after each, to save."""
    for number, rows in enumerate(data.outer_splits(repeats)):
        for name, measure_split in measures.items():
            run = runs.setdefault(name, {})
            if splits_done(run) > number:
                continue
            started = time.monotonic()
            add_split(run, measure_split(data, rows, monotone), time.monotonic() - started)
            tuned = run["tuned"]["auc"]
            yield f"{name} {tuned[-1]:.4f}, mean of {len(tuned)} {np.mean(tuned):.4f}, {run['seconds']} s"


def main():
    options = arguments()
    path = Path(options.results)
    results = json.loads(path.read_text()) if path.exists() else {"engines": {}, "runs": {}}
    with tempfile.TemporaryDirectory() as folder:
        measures = {}
        for key in options.engines:
            if key in peers.ALL:
                peer = peers.ALL[key]
                results["engines"][peer.name] = peer.version
                measures[peer.name] = lambda *a, peer=peer: measure_peer(peer, *a, options.threads)
            elif options.underwright:
                engine = Underwright(options.underwright, folder)
                results["engines"][engine.name] = engine.version
                measures[engine.name] = lambda *a: measure_underwright(engine, *a)
            else:
                print("without --underwright only the peers are measured", file=sys.stderr)
        for set_name in options.sets:
            data = datasets.ALL[set_name](options.data)
            repeats = options.repeats if len(data.bad) < 5_000 else 1
            for constraints in options.constraints:
                monotone = data.monotone if constraints == "on" else {}
                runs = results["runs"].setdefault(data.name, {}).setdefault(constraints, {})
                if options.again:
                    for name in measures:
                        runs.pop(name, None)
                for said in measure(measures, data, monotone, runs, repeats):
                    path.write_text(json.dumps(results, indent=1) + "\n")
                    print(f"{data.name}, constraints {constraints}: {said}", file=sys.stderr, flush=True)
    print(report.quality(results))


if __name__ == "__main__":
    main()
