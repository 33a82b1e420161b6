"""LightGBM, XGBoost and CatBoost behind one interface, each as its own documentation advises.

Every engine has 12 configurations to tune over: 3 sizes of tree x 2 strengths of regularisation x 2 ways of
sampling, at rate 0.03 with early stopping. Categories go to each engine as categories.
"""

from itertools import product

import catboost
import lightgbm
import numpy as np
import xgboost

RATE, MOST_TREES, PATIENCE = 0.03, 2000, 50
SAMPLING = [(1.0, 1.0), (0.7, 0.5)]  # shares of the rows and of the columns that a tree sees


class LightGbm:
    name, version = "LightGBM", lightgbm.__version__
    grid = [
        {"num_leaves": leaves, "min_child_samples": least, "reg_lambda": l2, "subsample": rows,
         "subsample_freq": 1, "colsample_bytree": columns}
        for leaves, (least, l2), (rows, columns) in product([7, 15, 31], [(20, 0.0), (100, 10.0)], SAMPLING)
    ]

    def __init__(self, threads, monotone):
        self.common = {"n_jobs": threads, "random_state": 0, "deterministic": True, "verbosity": -1}
        self.monotone = monotone

    def fit(self, params, train, valid=None):
        """`params` empty: the engine's defaults. With `valid`, early stopping on its log-loss."""
        table, bad = train
        constraints = {}
        if self.monotone:
            directions = [self.monotone.get(column, 0) for column in table]
            # "basic", the default, gives up more than the constraint asks for.
            constraints = {"monotone_constraints": directions, "monotone_constraints_method": "advanced"}
        model = lightgbm.LGBMClassifier(**self.common, **constraints, **params)
        if valid is None:
            model.fit(table, bad)
        else:
            model.fit(table, bad, eval_X=valid[0], eval_y=valid[1], eval_metric="binary_logloss",
                      callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)])
        self.trees = model.best_iteration_ or model.n_estimators
        return lambda table: model.predict_proba(table)[:, 1]

    @staticmethod
    def growing(trees=MOST_TREES):
        return {"learning_rate": RATE, "n_estimators": trees}


class XgBoost:
    name, version = "XGBoost", xgboost.__version__
    grid = [
        {"max_depth": depth, "min_child_weight": least, "reg_lambda": l2, "subsample": rows,
         "colsample_bytree": columns}
        for depth, (least, l2), (rows, columns) in product([2, 4, 6], [(1.0, 1.0), (10.0, 10.0)], SAMPLING)
    ]

    def __init__(self, threads, monotone):
        self.common = {"n_jobs": threads, "random_state": 0, "enable_categorical": True, "tree_method": "hist"}
        self.monotone = monotone

    def fit(self, params, train, valid=None):
        table, bad = train
        constraints = {"monotone_constraints": self.monotone} if self.monotone else {}
        stopping = {} if valid is None else {"early_stopping_rounds": PATIENCE, "eval_metric": "logloss"}
        model = xgboost.XGBClassifier(**self.common, **constraints, **stopping, **params)
        model.fit(table, bad, eval_set=None if valid is None else [valid], verbose=False)
        self.trees = model.get_booster().num_boosted_rounds() if valid is None else model.best_iteration + 1
        return lambda table: model.predict_proba(table)[:, 1]

    growing = staticmethod(LightGbm.growing)


class CatBoost:
    name, version = "CatBoost", catboost.__version__
    grid = [
        {"depth": depth, "l2_leaf_reg": l2, "bootstrap_type": "Bernoulli", "subsample": rows, "rsm": columns}
        for depth, l2, (rows, columns) in product([2, 4, 6], [3.0, 30.0], SAMPLING)
    ]

    def __init__(self, threads, monotone):
        self.common = {"thread_count": threads, "random_seed": 0, "verbose": False, "allow_writing_files": False}
        self.monotone = monotone

    def fit(self, params, train, valid=None):
        table, bad = train
        constraints = {"monotone_constraints": self.monotone} if self.monotone else {}
        stopping = {} if valid is None else {"early_stopping_rounds": PATIENCE}
        model = catboost.CatBoostClassifier(**self.common, **constraints, **stopping, **params)
        model.fit(self.pool(table, bad), eval_set=None if valid is None else self.pool(*valid))
        self.trees = model.tree_count_
        return lambda table: model.predict_proba(self.pool(table))[:, 1]

    @staticmethod
    def pool(table, bad=None):
        """CatBoost wants texts and no missing category."""
        categorical = [column for column in table if table[column].dtype == "category"]
        table = table.copy()
        for column in categorical:
            texts = table[column].astype(object)
            table[column] = np.where(texts.isna(), "(missing)", texts)
        return catboost.Pool(table, bad, cat_features=categorical)

    growing = staticmethod(LightGbm.growing)


ALL = {"lightgbm": LightGbm, "xgboost": XgBoost, "catboost": CatBoost}
