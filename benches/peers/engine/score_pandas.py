#!/usr/bin/env python3
"""Scores and explains a CSV file with pandas and LightGBM, in pieces, as a careful data scientist would.

Writes what `underwright score` writes of its model: probability and margin, then with `--explain all` baseline and a
contribution per feature, with `--explain N` the N features that raised the risk most. LightGBM uses all cores.
"""

import argparse
import json

import lightgbm
import numpy as np
import pandas as pd


def explain_all(names, contributions):
    return pd.DataFrame(contributions, columns=[*(f"contribution.{name}" for name in names), "baseline"])


def strongest(count):
    def explained(names, contributions):
        order = np.argsort(-contributions[:, :-1], axis=1)[:, :count]
        values = np.take_along_axis(contributions, order, axis=1)
        raised = values > 0
        columns = {}
        for place in range(count):
            columns[f"reason_{place + 1}"] = np.where(raised[:, place], names[order[:, place]], "")
            columns[f"contribution_{place + 1}"] = np.where(raised[:, place], values[:, place], np.nan)
        return pd.DataFrame(columns)
    return explained


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="a LightGBM text file")
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--explain", default="all", help="all, or how many of the strongest")
    parser.add_argument("--piece-rows", type=int, default=50_000)
    options = parser.parse_args()

    model = lightgbm.Booster(model_file=options.model)
    explained = explain_all if options.explain == "all" else strongest(int(options.explain))
    names = np.array(model.feature_name())
    rows = 0
    with open(options.output, "w") as output:
        for piece in pd.read_csv(options.input, chunksize=options.piece_rows):
            contributions = model.predict(piece.to_numpy(dtype=np.float64), pred_contrib=True)
            # The contributions and the baseline, which stands last, add up to the margin: one pass does both.
            margin = contributions.sum(axis=1)
            answer = pd.DataFrame({"row": np.arange(rows, rows + len(piece)),
                                   "probability_of_default": 1 / (1 + np.exp(-margin)), "margin": margin})
            answer = pd.concat([answer, explained(names, contributions)], axis=1)
            answer.to_csv(output, index=False, header=rows == 0)
            rows += len(piece)
    print(json.dumps({"rows": rows}))


if __name__ == "__main__":
    main()
