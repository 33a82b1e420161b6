#!/usr/bin/env python3
"""Wall time and peak memory of training: 1M x 30, 100 trees of depth 6, 2 threads; and German Credit.

Each engine is a process of its own that does the same job: read train.csv and test.csv, fit on the first,
give the AUC on the second. The engines take turns (A B C A B C), so that a busy machine slows all of them.
"whole" is the process from start to end with its peak memory; "fit" is what the engine itself takes once
the table is in memory, binning included, and the peak memory meanwhile, where it can be told apart.
LightGBM runs twice: from pandas, as most people use it, and from its own file reader. Underwright runs twice: by
its own choice of how many rows and features a tree sees, and with all of both, as its peers do unless told otherwise.
Every process is held to as many cores as it has threads. Rounds end when `--minutes` are over, after three at least.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

TREES, DEPTH, RATE, FEATURES = 100, 6, 0.1, 30
COLUMNS = [f"f{number:02}" for number in range(FEATURES)]
OURS = {"underwright": [], "underwright-all": ["rows_share = 1.0", "features_share = 1.0"]}
TEST_DAY = "2001-01-01"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder with german_credit.csv; without it German Credit is left out")
    parser.add_argument("--underwright", help="path to the underwright binary; without it only the peers run")
    parser.add_argument("--engines", nargs="+", default=[*OURS, *WORKERS], choices=[*OURS, *WORKERS])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=9, help="no round begins after so many, but three are run")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--results", default="speed.json", help="the figures are written here")
    parser.add_argument("--worker", choices=WORKERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    return parser.parse_args()


def made_up(rows, seed):
    """Loans that never were: 30 features, a third of them noise, six with missing values, about 15 % bad."""
    random = np.random.default_rng(seed)
    values = random.standard_normal((rows, FEATURES))
    values[:, 10:15] = np.exp(values[:, 10:15])
    values[:, 15:20] = np.floor(np.abs(values[:, 15:20]) * 3)
    margin = values[:, :10] @ np.linspace(0.5, 0.05, 10) + 0.3 * values[:, 0] * values[:, 1]
    margin += 0.4 * np.log(values[:, 10]) - 0.2 * (values[:, 15] > 3) + 0.3 * np.abs(values[:, 2]) - 2.35
    bad = random.random(rows) < 1 / (1 + np.exp(-margin))
    for column, share in zip([3, 6, 9, 12, 16, 25], [0.05, 0.1, 0.2, 0.3, 0.5, 0.9]):
        values[random.random(rows) < share, column] = np.nan
    table = pd.DataFrame(values, columns=COLUMNS)
    table["bad"] = bad.astype(int)
    return table


def german_credit(folder):
    """German Credit as numbers (categories as their codes), for every engine alike."""
    from datasets import german

    data = german(folder)
    table = data.table.apply(lambda column: column.cat.codes if column.dtype == "category" else column)
    table.columns = [f"f{number:02}" for number in range(table.shape[1])]
    table["bad"] = data.bad
    return table


def write_files(folder, train, test):
    for name, table in (("train", train), ("test", test)):
        # Six digits, as measured values have.
        table.to_csv(folder / f"{name}.csv", index=False, float_format="%.6g")
        # The same with a column of days, by which Underwright tells the two apart and chooses its hold-out.
        with open(folder / f"{name}.csv") as plain, open(folder / f"{name}-dated.csv", "w") as dated:
            dated.write(next(plain).rstrip("\n") + ",day\n")
            for number, line in enumerate(plain):
                day = f"2000-01-{number % 28 + 1:02}" if name == "train" else TEST_DAY
                dated.write(line.rstrip("\n") + f",{day}\n")
    columns = [column for column in train if column != "bad"]
    schema = ['name = "benchmark"', "[target]", 'column = "bad"', 'positive = ["1"]', "[split]",
              'time_column = "day"', f'test_from = "{TEST_DAY}"', "[training]", f"trees = {TREES}",
              f"depth = {DEPTH}", f"rate = {RATE}", "early_stopping = 0"]
    for column in columns:
        schema += ["[[feature]]", f'name = "{column}"', f'column = "{column}"',
                   f'source = "/attributes/{column}"', f'reason = "UW-{column.upper()}"']
    for name, settings in OURS.items():
        at = schema.index("early_stopping = 0") + 1
        (folder / f"{name}.toml").write_text("\n".join([*schema[:at], *settings, *schema[at:]]) + "\n")


# What runs in a process of its own.


def read_numbers(path):
    """As floats of 32 bits, which halves a peer's memory and costs it nothing: it bins them anyway."""
    table = pd.read_csv(path, dtype="float32")
    return table.drop(columns="bad"), table["bad"].to_numpy()


def work_lightgbm(folder, threads):
    import lightgbm

    train, test = read_numbers(folder / "train.csv"), read_numbers(folder / "test.csv")
    fit = Stopwatch()
    model = lightgbm.train(lightgbm_params(threads), lightgbm.Dataset(*train), TREES)
    fit.stop()
    return fit, test[1], model.predict(test[0])


def work_lightgbm_own_reader(folder, threads):
    import lightgbm

    fit = Stopwatch()
    params = lightgbm_params(threads) | {"header": True, "label_column": "name:bad"}
    model = lightgbm.train(params, lightgbm.Dataset(str(folder / "train.csv"), params=params), TREES)
    fit.stop()
    test = read_numbers(folder / "test.csv")
    return fit, test[1], model.predict(test[0])


def lightgbm_params(threads):
    return {"objective": "binary", "num_leaves": 2**DEPTH, "max_depth": DEPTH, "learning_rate": RATE,
            "num_threads": threads, "verbosity": -1}


def work_xgboost(folder, threads):
    import xgboost

    train, test = read_numbers(folder / "train.csv"), read_numbers(folder / "test.csv")
    params = {"objective": "binary:logistic", "tree_method": "hist", "max_depth": DEPTH, "eta": RATE, "nthread": threads}
    fit = Stopwatch()
    # A quantile matrix bins as it reads: less memory than a DMatrix.
    model = xgboost.train(params, xgboost.QuantileDMatrix(*train, nthread=threads), TREES)
    fit.stop()
    return fit, test[1], model.inplace_predict(test[0])


def work_catboost(folder, threads):
    import catboost

    train, test = read_numbers(folder / "train.csv"), read_numbers(folder / "test.csv")
    fit = Stopwatch()
    model = catboost.CatBoostClassifier(iterations=TREES, depth=DEPTH, learning_rate=RATE, thread_count=threads,
                                        verbose=False, allow_writing_files=False)
    model.fit(catboost.Pool(*train))
    fit.stop()
    return fit, test[1], model.predict_proba(test[0])[:, 1]


class Stopwatch:
    """Seconds, and the peak memory, from here to `stop`."""

    def __init__(self):
        try:
            Path("/proc/self/clear_refs").write_text("5")  # Linux: forget the peak so far
        except OSError:
            pass
        self.started = time.monotonic()

    def stop(self):
        self.seconds = time.monotonic() - self.started
        self.peak_mb = None
        if os.path.exists("/proc/self/status"):
            status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
            self.peak_mb = int(status["VmHWM"].split()[0]) / 1024


WORKERS = {
    "lightgbm": work_lightgbm,
    "lightgbm-own-reader": work_lightgbm_own_reader,
    "xgboost": work_xgboost,
    "catboost": work_catboost,
}


def work(name, folder, threads):
    from sklearn.metrics import roc_auc_score

    fit, bad, predicted = WORKERS[name](Path(folder), threads)
    print(json.dumps({"fit_s": fit.seconds, "fit_mb": fit.peak_mb, "auc": roc_auc_score(bad, predicted)}))


# What starts those processes.


def timed(command, environment, threads):
    """Runs a command: its wall time, its peak memory, and what it says of itself in JSON."""
    with tempfile.NamedTemporaryFile() as report:
        child = [sys.executable, str(Path(__file__).with_name("child.py")), report.name, *command]
        # Whatever else a library starts, it shares the same cores.
        cores = sorted(os.sched_getaffinity(0))[:threads] if hasattr(os, "sched_setaffinity") else None
        pin = (lambda: os.sched_setaffinity(0, cores)) if cores else None
        done = subprocess.run(child, capture_output=True, text=True, env=os.environ | environment, preexec_fn=pin)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
        answer = json.loads(done.stdout or "{}")
        own = {key: answer.get(key) for key in ("fit_s", "fit_mb", "auc")}
        return json.load(report) | own


def run_once(engine, options, folder):
    if engine in OURS:
        with tempfile.TemporaryDirectory() as out:
            command = [options.underwright, "train", "--schema", str(folder / f"{engine}.toml"), "--data",
                       str(folder / "train-dated.csv"), str(folder / "test-dated.csv"), "--out", f"{out}/model", "--threads",
                       str(options.threads), "--json"]
            return timed(command, {}, options.threads)
    command = [sys.executable, __file__, "--worker", engine, "--folder", str(folder), "--threads", str(options.threads)]
    return timed(command, {"OMP_NUM_THREADS": str(options.threads)}, options.threads)


def measure(options, train, test):
    started = time.monotonic()
    runs = {engine: [] for engine in options.engines}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, train, test)
        for number in range(options.rounds):
            if number >= 3 and time.monotonic() - started > 60 * options.minutes:
                break
            for engine in options.engines:
                run = run_once(engine, options, folder)
                runs[engine].append(run)
                print(f"round {number + 1}: {engine} {run['whole_s']:.2f} s, {run['whole_mb']:.0f} MB", file=sys.stderr)
    return runs


def main():
    options = arguments()
    if options.worker:
        return work(options.worker, options.folder, options.threads)
    if not options.underwright:
        print("without --underwright only the peers are measured", file=sys.stderr)
        options.engines = [engine for engine in options.engines if engine not in OURS]
    import report

    jobs = {f"{options.rows:,} x {FEATURES}": (made_up(options.rows, 0), made_up(options.rows // 10, 1))}
    if options.data:
        german = german_credit(options.data)
        jobs["German Credit"] = (german.iloc[:800], german.iloc[800:])
    results = {job: measure(options, *tables) for job, tables in jobs.items()}
    Path(options.results).write_text(json.dumps(results, indent=1) + "\n")
    print(report.speed(results))


if __name__ == "__main__":
    main()
