"""The five data sets, cut down to the columns that a lender may use.

Left out everywhere: age, sex, marital status, nationality, foreign worker, state, and what a lender
could not have known or has decided itself (interest rate, grade, instalment). Every engine gets the
same columns, the same rows and the same monotone directions.
"""

import gzip
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold, train_test_split

INCREASING, DECREASING = 1, -1


@dataclass
class DataSet:
    """`table` holds numbers (NaN is missing) and pandas categories; `bad` is 1 for a loan that went bad.

    `monotone` says how risk may move with a column: 1 never falls as it rises, -1 never rises.
    `dates` (LendingClub alone) are the days of issue, by which its rows are split.
    """

    name: str
    table: pd.DataFrame
    bad: np.ndarray
    monotone: dict = field(default_factory=dict)
    dates: pd.Series | None = None

    @property
    def categorical(self):
        return [column for column in self.table if isinstance(self.table[column].dtype, pd.CategoricalDtype)]

    def outer_splits(self, repeats):
        """Pairs of row numbers (train, test): a time split, or `repeats` times 5 stratified folds."""
        if self.dates is not None:
            yield rows_where(self.dates < "2011-01-01"), rows_where(self.dates >= "2011-01-01")
            return
        for seed in range(repeats):
            folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=seed)
            yield from folds.split(self.table, self.bad)

    def inner_split(self, train):
        """Parts the rows of an outer training part in two: fit there, tune here. Never sees its test part."""
        if self.dates is not None:
            is_early = (self.dates.iloc[train] < "2010-07-01").to_numpy()
            return train[is_early], train[~is_early]
        return train_test_split(train, test_size=0.25, stratify=self.bad[train], random_state=0)


def rows_where(mask):
    return np.flatnonzero(mask.to_numpy())


def read(folder, name, **options):
    """Reads `name`.csv or `name`.csv.gz."""
    for path in (Path(folder) / f"{name}.csv", Path(folder) / f"{name}.csv.gz"):
        if path.exists():
            opener = gzip.open if path.suffix == ".gz" else open
            with opener(path, "rt") as file:
                return pd.read_csv(file, **options)
    raise SystemExit(f"{folder} has no {name}.csv or {name}.csv.gz; the README says where it comes from")


def tidy(table, categorical):
    """Numbers as doubles and texts as categories, whose list is the whole file's."""
    tidied = pd.DataFrame(index=table.index)
    for column in table:
        if column in categorical:
            texts = table[column].map(lambda cell: cell if pd.isna(cell) else str(cell).strip())
            tidied[column] = pd.Categorical(texts.astype(object), categories=sorted(texts.dropna().unique()))
        else:
            tidied[column] = table[column].astype("float64")
    return tidied


def lendingclub(folder):
    raw = read(folder, "lendingclub_2007_2011", parse_dates=["issue_d", "earliest_cr_line"])
    raw = raw[raw["off_policy"] == 0].reset_index(drop=True)
    issued, opened = raw["issue_d"].dt, raw["earliest_cr_line"].dt
    years = raw["emp_length"].str.extract(r"(\d+)")[0].astype("float64")
    raw["employment_years"] = years.mask(raw["emp_length"] == "< 1 year", 0.0)
    raw["credit_history_months"] = (issued.year - opened.year) * 12 + issued.month - opened.month
    raw["loan_to_income"] = raw["loan_amnt"] / raw["annual_inc"].where(raw["annual_inc"] > 0)
    monotone = {
        "loan_amnt": INCREASING,
        "term": INCREASING,
        "annual_inc": DECREASING,
        "loan_to_income": INCREASING,
        "dti": INCREASING,
        "delinq_2yrs": INCREASING,
        "inq_last_6mths": INCREASING,
        "mths_since_last_delinq": DECREASING,
        "mths_since_last_record": DECREASING,
        "pub_rec": INCREASING,
        "pub_rec_bankruptcies": INCREASING,
        "revol_util": INCREASING,
        "credit_history_months": DECREASING,
    }
    free = ["employment_years", "open_acc", "revol_bal", "total_acc"]
    categorical = ["home_ownership", "verification_status", "purpose"]
    table = tidy(raw[[*monotone, *free, *categorical]], categorical)
    return DataSet("LendingClub", table, raw["bad"].to_numpy(), monotone, raw["issue_d"])


def taiwan(folder):
    raw = read(folder, "taiwan_card_default")
    table = tidy(raw.drop(columns=["ID", "SEX", "MARRIAGE", "AGE", "default.payment.next.month"]), ["EDUCATION"])
    table.columns = [column.lower() for column in table]
    paid = [f"pay_amt{month}" for month in range(1, 7)]
    monotone = dict.fromkeys(["limit_bal", *paid], DECREASING)
    return DataSet("Taiwan", table, raw["default.payment.next.month"].to_numpy(), monotone)


def south_german(folder):
    raw = read(folder, "south_german_credit")
    # Code 1 is "unemployed or unskilled, non-resident", 2 "unskilled, resident": residence is not asked.
    raw["job"] = raw["job"].replace(1, 2)
    categorical = ["status", "credit_history", "purpose", "savings", "other_debtors", "property",
                   "other_installment_plans", "housing"]
    table = tidy(raw.drop(columns=["personal_status_sex", "age", "foreign_worker", "credit_risk"]), categorical)
    # Not the amount: very small loans go bad more often too.
    monotone = {"duration": INCREASING, "employment_duration": DECREASING}
    return DataSet("South German", table, (raw["credit_risk"] == 0).astype(int).to_numpy(), monotone)


def german(folder):
    raw = read(folder, "german_credit", keep_default_na=False)
    unskilled = {"unemployed/ unskilled - non-resident": "unskilled", "unskilled - resident": "unskilled"}
    raw["job"] = raw["job"].replace(unskilled)
    table = raw.drop(columns=["personal_status_and_sex", "age_in_years", "foreign_worker", "creditability"])
    # Short names: the file's own are sentences.
    table = table.rename(columns={
        "installment_rate_in_percentage_of_disposable_income": "installment_rate",
        "number_of_existing_credits_at_this_bank": "number_credits",
        "number_of_people_being_liable_to_provide_maintenance_for": "people_liable",
    })
    categorical = [column for column in table if not pd.api.types.is_numeric_dtype(table[column])]
    monotone = {"duration_in_month": INCREASING}
    return DataSet("German", tidy(table, categorical), (raw["creditability"] == "bad").astype(int).to_numpy(), monotone)


def credit_data(folder):
    raw = read(folder, "credit_data")
    table = tidy(raw.drop(columns=["Status", "Age", "Marital"]), ["Home", "Records", "Job"])
    table.columns = [column.lower() for column in table]
    monotone = {"seniority": DECREASING, "income": DECREASING, "assets": DECREASING, "debt": INCREASING,
                "amount": INCREASING}
    return DataSet("credit_data", table, (raw["Status"] == "bad").astype(int).to_numpy(), monotone)


ALL = {
    "lendingclub": lendingclub,
    "taiwan": taiwan,
    "south-german": south_german,
    "german": german,
    "credit-data": credit_data,
}
