"""Underwright through its command line: a schema and a CSV file per fit, as a lender would write them."""

import json
import shutil
import subprocess
from itertools import product
from pathlib import Path

import numpy as np

from peers import MOST_TREES, PATIENCE, RATE

# Shares of the rows and of the columns that a tree sees. It samples by default, so both of its ways do.
SAMPLING = [(0.5, 0.4), (0.7, 0.4)]

# Rows of the training part get days in 2000 and rows of the test part this one: `[split]` parts by day.
TEST_DAY = "2001-01-01"
SMALL_ROWS = 10_000


class Underwright:
    name = "Underwright"
    grid = [
        {"depth": depth, "l2": l2, "min_hessian": least, "rows_share": rows, "features_share": columns}
        for depth, (l2, least), (rows, columns) in product([3, 4, 6], [(10.0, 1.0), (30.0, 5.0)], SAMPLING)
    ]

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, Path(folder)
        self.version = self.run("--version").stdout.split()[-1]

    @staticmethod
    def growing():
        return {"rate": RATE, "trees": MOST_TREES, "early_stopping": PATIENCE}

    def measure(self, data, params, monotone, train, test):
        """Trains on the rows `train` of a data set, and gives the figures of `evaluate` on the rows `test`."""
        schema, file, model = self.folder / "schema.toml", self.folder / "data.csv", self.folder / "model"
        shutil.rmtree(model, ignore_errors=True)
        test_from = TEST_DAY if data.dates is None else f"{data.dates.iloc[test].min():%Y-%m-%d}"
        schema.write_text(self.schema(data, params, monotone, (len(train), test_from)))
        self.write_rows(data, train, test, file)
        self.run("train", "--schema", schema, "--data", file, "--out", model)
        figures = json.loads(self.run("evaluate", "--model", model, "--data", file, "--json").stdout)
        if figures["rows"] != len(test):
            raise SystemExit(f"evaluate judged {figures['rows']} rows, not the {len(test)} of the test part")
        return figures

    def write_rows(self, data, train, test, file):
        rows = np.concatenate([train, test])
        table = data.table.iloc[rows].copy()
        if data.dates is not None:
            table["day"] = data.dates.iloc[rows].dt.strftime("%Y-%m-%d")
        else:
            days = np.random.default_rng(0).integers(1, 29, len(rows))
            table["day"] = [f"2000-01-{day:02}" for day in days]
            table.iloc[len(train):, table.columns.get_loc("day")] = TEST_DAY
        table["bad"] = data.bad[rows]
        table.to_csv(file, index=False)

    @staticmethod
    def schema(data, params, monotone, split):
        train_rows, test_from = split
        lines = ['name = "benchmark"', "[target]", 'column = "bad"', 'positive = ["1"]', "[split]",
                 'time_column = "day"', f'test_from = "{test_from}"']
        if data.dates is None:
            # What `train` does by itself with a file that has no days.
            lines.append("inner_folds = 5" if train_rows < SMALL_ROWS else "inner_share = 0.2")
        for column in data.table:
            lines += ["[[feature]]", f'name = "{column}"', f'column = "{column}"',
                      f'source = "/attributes/{column}"', f'reason = "UW-{column.upper().replace("_", "-")}"']
            if column in data.categorical:
                names = ", ".join(json.dumps(name) for name in data.table[column].cat.categories)
                lines += ['kind = "category"', f"categories = [{names}]"]
            if column in monotone:
                lines.append(f'monotone = "{"increasing" if monotone[column] > 0 else "decreasing"}"')
        if params:
            lines += ["[training]", *(f"{key} = {value}" for key, value in params.items())]
        return "\n".join(lines) + "\n"

    def run(self, *arguments):
        done = subprocess.run([self.binary, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"underwright {' '.join(map(str, arguments))}\n{done.stderr}")
        return done
