#!/usr/bin/env python3
"""What a prediction and its explanation (exact Shapley values) cost, in microseconds per applicant.

300 trees of depth 6 on the Taiwan data, one thread; one applicant at a time, and 1,000 at once. Every peer
is called the way that costs it least: LightGBM also through its C interface made for single rows, XGBoost
without a DMatrix where it can do without. Calls take turns, in rounds; arrays are ready beforehand. A ratio is of
one round.

With --underwright, Underwright trains on the same table, and its kernels (`cargo bench --bench engine`, on that
model and on those 1,000 rows) take their turn in every round. With --file-rows, a CSV file of so many rows is scored
and explained twice: by `underwright score --explain` and by score_pandas.py (pandas and LightGBM), which reads and
writes the same; all cores for both.
"""

import argparse
import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import catboost
import lightgbm
import numpy as np
import pandas as pd
import xgboost

import datasets
import report
from speed import timed
from underwright import Underwright

TREES, DEPTH, RATE, BATCH = 300, 6, 0.05, 1000
LIGHTGBM_PREDICT_NORMAL, LIGHTGBM_PREDICT_CONTRIB, LIGHTGBM_FLOAT64 = 0, 3, 1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder with taiwan_card_default.csv or .csv.gz")
    parser.add_argument("--underwright", help="path to the underwright binary; its kernels need cargo too")
    parser.add_argument("--file-rows", type=int, default=0, help="also score and explain a CSV file of so many rows")
    parser.add_argument("--explain", nargs="+", default=["all", "4"], help="what is explained of every row of a file")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--results", default="explain.json", help="the figures are written here")
    return parser.parse_args()


def lightgbm_calls(model, one, batch):
    width = {"predict": 1, "explain": one.shape[1] + 1}
    kinds = {"predict": LIGHTGBM_PREDICT_NORMAL, "explain": LIGHTGBM_PREDICT_CONTRIB}
    for call, kind in kinds.items():
        contrib = call == "explain"
        yield ("LightGBM", call, 1), lambda c=contrib: model.predict(one, pred_contrib=c, num_threads=1)
        yield ("LightGBM", call, BATCH), lambda c=contrib: model.predict(batch, pred_contrib=c, num_threads=1)
        yield ("LightGBM, C interface", call, 1), lightgbm_single_row(model, one, kind, width[call])


def lightgbm_single_row(model, one, kind, width):
    """The C interface that prepares everything but the row itself beforehand."""
    lightgbm_c, configuration = lightgbm.basic._LIB, ctypes.c_void_p()
    columns = one.shape[1]
    failed = lightgbm_c.LGBM_BoosterPredictForMatSingleRowFastInit(
        model._handle, ctypes.c_int(kind), ctypes.c_int(0), ctypes.c_int(-1), ctypes.c_int(LIGHTGBM_FLOAT64),
        ctypes.c_int32(columns), ctypes.c_char_p(b"num_threads=1"), ctypes.byref(configuration))
    if failed:
        raise SystemExit("LightGBM's C interface refused the model")
    row = np.ascontiguousarray(one[0], dtype=np.float64)
    answer, length = np.zeros(width), ctypes.c_int64()
    pointers = (row.ctypes.data_as(ctypes.c_void_p), ctypes.byref(length), answer.ctypes.data_as(ctypes.c_void_p))
    return lambda keep=(row, answer): lightgbm_c.LGBM_BoosterPredictForMatSingleRowFast(configuration, *pointers)


def xgboost_calls(model, one, batch):
    model.set_param({"nthread": 1})
    for rows, table in ((1, one), (BATCH, batch)):
        yield ("XGBoost", "predict", rows), lambda t=table: model.inplace_predict(t)
        # Contributions are to be had from a DMatrix alone.
        yield ("XGBoost", "explain", rows), lambda t=table: model.predict(
            xgboost.DMatrix(t, nthread=1), pred_contribs=True)


def catboost_calls(model, one, batch):
    for rows, table in ((1, one), (BATCH, batch)):
        yield ("CatBoost", "predict", rows), lambda t=table: model.predict_proba(t, thread_count=1)
        yield ("CatBoost", "explain", rows), lambda t=table: model.get_feature_importance(
            catboost.Pool(t), type="ShapValues", thread_count=1)


def trained(table, bad):
    """The three models, of the same size, and the calls to be timed."""
    one, batch = table[:1], table[:BATCH]
    light = lightgbm.train({"objective": "binary", "num_leaves": 2**DEPTH, "max_depth": DEPTH, "verbosity": -1,
                            "learning_rate": RATE, "num_threads": 1}, lightgbm.Dataset(table, bad), TREES)
    extreme = xgboost.train({"objective": "binary:logistic", "max_depth": DEPTH, "eta": RATE, "nthread": 1},
                            xgboost.DMatrix(table, bad), TREES)
    cat = catboost.CatBoostClassifier(iterations=TREES, depth=DEPTH, learning_rate=RATE, thread_count=1,
                                      verbose=False, allow_writing_files=False).fit(table, bad)
    calls = [*lightgbm_calls(light, one, batch), *xgboost_calls(extreme, one, batch), *catboost_calls(cat, one, batch)]
    return light, dict(calls)


def microseconds(call, rows, seconds=0.2):
    """Per row, the mean of as many calls as fit into `seconds`."""
    started, calls = time.perf_counter(), 0
    while (took := time.perf_counter() - started) < seconds or calls == 0:
        call()
        calls += 1
    return took / calls / rows * 1e6


def measure(calls, kernels, rounds):
    for call in calls.values():
        call()  # the first call sets up
    times = {}
    for _ in range(rounds):
        for key, call in calls.items():
            times.setdefault(key, []).append(microseconds(call, key[2]))
        for key, value in kernels().items():
            times.setdefault(key, []).append(value)
    return [{"engine": engine, "call": call, "rows": rows, "us_per_row": values}
            for (engine, call, rows), values in times.items()]


def train_ours(options, data, folder):
    """Trains Underwright on the table of its peers, and writes down the rows of the batch."""
    engine = Underwright(options.underwright, folder)
    params = {"trees": TREES, "depth": DEPTH, "rate": RATE, "early_stopping": 0, "seeds": 1}
    train = np.arange(len(data.table))
    engine.measure(data, params, {}, train[:-3000], train[-3000:])
    data.table.iloc[:BATCH].to_csv(folder / "rows.csv", index=False)


def bench_program():
    """The program that `cargo bench --bench engine` runs."""
    root = Path(__file__).resolve().parents[3]
    built = subprocess.run(["cargo", "bench", "--bench", "engine", "--no-run", "--message-format=json"], cwd=root,
                           stdout=subprocess.PIPE, text=True, check=True)
    messages = map(json.loads, built.stdout.splitlines())
    return next(message["executable"] for message in messages
                if message.get("executable") and message["target"]["name"] == "engine")


def our_kernels(program, folder):
    """Underwright's four kernels, each for about half a second, on one thread: they have no other."""
    environment = os.environ | {"UNDERWRIGHT_BENCH_MODEL": str(folder / "model"),
                                "UNDERWRIGHT_BENCH_ROWS": str(folder / "rows.csv"), "CRITERION_HOME": str(folder)}
    subprocess.run([program, "--bench", "--noplot", "--warm-up-time", "0.1", "--measurement-time", "0.3",
                    "--sample-size", "10", "^engine/"], cwd=folder, env=environment, check=True, capture_output=True)
    found = {}
    for call in ("predict", "explain"):
        for rows in (1, BATCH):
            estimates = json.loads((folder / "engine" / call / str(rows) / "new" / "estimates.json").read_text())
            found[report.OURS, call, rows] = estimates["median"]["point_estimate"] / 1000 / rows
    return found


def measure_file(options, data, model, folder):
    """Both programs on one file: wall time, peak memory, rows a second."""
    runs = []
    rows = np.resize(np.arange(len(data.table)), options.file_rows)
    data.table.iloc[rows].to_csv(folder / "input.csv", index=False)
    model.save_model(folder / "lightgbm.txt")
    for explain in options.explain:
        pandas = [sys.executable, str(Path(__file__).with_name("score_pandas.py")), "--model",
                  str(folder / "lightgbm.txt"), "--input", str(folder / "input.csv"), "--output",
                  str(folder / "pandas.csv"), "--explain", explain]
        ours = [options.underwright, "score", "--model", str(folder / "model"), "--input", str(folder / "input.csv"),
                "--output", str(folder / "ours.csv"), "--explain", explain]
        commands = {report.OURS: ours} if options.underwright else {}
        for engine, command in (commands | {"pandas + LightGBM": pandas}).items():
            runs.append({"engine": engine, "explain": explain, "rows": options.file_rows} | timed(command, {}, os.cpu_count()))
    return runs


def main():
    options = arguments()
    data = datasets.taiwan(options.data)
    # Codes of education are ordered; as a number it spares every engine the handling of categories.
    data.table["education"] = data.table["education"].astype("float64")
    table = np.ascontiguousarray(data.table.to_numpy(dtype=np.float64))
    light, calls = trained(table, data.bad)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kernels = dict
        if options.underwright:
            options.underwright = str(Path(options.underwright).resolve())
            train_ours(options, data, folder)
            program = bench_program()
            kernels = lambda: our_kernels(program, folder)
        results = {"kernels": measure(calls, kernels, options.rounds)}
        if options.file_rows:
            results["file"] = measure_file(options, data, light, folder)
    Path(options.results).write_text(json.dumps(results, indent=1) + "\n")
    print(report.explain(results))


if __name__ == "__main__":
    main()
