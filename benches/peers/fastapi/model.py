"""The peer's model: LightGBM on the features of the shipped model, 300 trees of 31 leaves.

What it predicts does not matter here, what a prediction costs does. So it learns from 20,000 applicants
made up by a generator with a fixed seed, whose risk follows the features in the directions that a lender
expects. Run it once: `python model.py` writes model.txt.
"""

from pathlib import Path

import lightgbm
import numpy

FEATURES = [
    "term_months", "purpose", "annual_income", "loan_to_income", "debt_to_income", "employment_years",
    "revolving_balance", "delinquencies_24m", "months_since_delinquency", "inquiries_6m", "public_records",
    "months_since_public_record", "bankruptcies", "open_accounts", "total_accounts", "revolving_utilization",
    "credit_history_years", "installment_to_income",
]
PURPOSES = [
    "debt_consolidation", "credit_card", "home_improvement", "major_purchase", "small_business", "car", "wedding",
    "medical", "moving", "educational", "vacation", "house", "renewable_energy", "other",
]
FILE = Path(__file__).with_name("model.txt")


def made_up_applicants(rows: int, seed: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """A table of rows x FEATURES, missing values as NaN, and whether each loan went bad."""
    draw = numpy.random.default_rng(seed)
    income = draw.lognormal(10.9, 0.5, rows)
    amount = draw.lognormal(9.1, 0.6, rows)
    term = draw.choice([36.0, 60.0], rows, p=[0.75, 0.25])
    columns = [
        term,
        draw.integers(0, len(PURPOSES), rows).astype(float),
        income,
        amount / income,
        draw.uniform(0, 0.3, rows),
        draw.integers(0, 11, rows).astype(float),
        draw.lognormal(9, 1, rows),
        draw.poisson(0.15, rows).astype(float),
        numpy.where(draw.random(rows) < 0.65, numpy.nan, draw.uniform(0, 80, rows)),
        draw.poisson(0.9, rows).astype(float),
        draw.poisson(0.05, rows).astype(float),
        numpy.where(draw.random(rows) < 0.94, numpy.nan, draw.uniform(0, 119, rows)),
        draw.poisson(0.04, rows).astype(float),
        draw.poisson(9, rows).astype(float),
        draw.poisson(22, rows).astype(float),
        draw.uniform(0, 1, rows),
        draw.gamma(4, 3.4, rows),
        amount / term / (income / 12),
    ]
    table = numpy.column_stack(columns)
    margin = -2.6 + 0.6 * (term == 60) + 1.5 * (amount / income) + 1.1 * columns[15] + 0.2 * columns[9]
    return table, draw.random(rows) < 1 / (1 + numpy.exp(-margin))


def main() -> None:
    table, is_bad = made_up_applicants(20_000, seed=7)
    data = lightgbm.Dataset(table, is_bad, feature_name=FEATURES, categorical_feature=["purpose"])
    parameters = {"objective": "binary", "num_leaves": 31, "learning_rate": 0.05, "verbosity": -1, "num_threads": 2,
                  "seed": 7, "deterministic": True}
    lightgbm.train(parameters, data, 300).save_model(FILE)


if __name__ == "__main__":
    main()
