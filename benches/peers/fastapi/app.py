"""What a team would build instead of Underwright: FastAPI, pydantic, LightGBM with exact contributions, PyJWT,
and one durable row per decision.

Written as its users would tune it: uvloop and httptools, orjson, the model loaded once per worker and asked on
one thread, plain SQL through asyncpg or the standard library's sqlite3, no ORM. It does less than Underwright
does for a decision: nothing is sealed, no Merkle tree grows, a repeat is not recognised, faults are pydantic's.

    DATABASE_URL=sqlite:///tmp/peer.db JWT_SECRET=… uvicorn app:app --workers 2 --port 8090
"""

import asyncio
import fcntl
import hashlib
import math
import os
import sqlite3
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import date, datetime, timezone
from typing import Annotated, Literal

import jwt
import lightgbm
import numpy
import orjson
from fastapi import Depends, FastAPI, Header, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from model import FEATURES, FILE, PURPOSES

SECRET = os.environ.get("JWT_SECRET", "")
ISSUER, AUDIENCE = os.environ.get("JWT_ISSUER", "peer"), "underwright"
DATABASE = os.environ.get("DATABASE_URL", "sqlite:///peer.db")
APPROVE_BELOW, DECLINE_FROM = 0.13, 0.25
REASONS = {feature: f"UW-{feature.upper().replace('_', '-')}" for feature in FEATURES}
TABLE = """CREATE TABLE IF NOT EXISTS decisions (
    id TEXT PRIMARY KEY, application_id TEXT NOT NULL, decided_at TEXT NOT NULL, outcome TEXT NOT NULL,
    probability DOUBLE PRECISION NOT NULL, application TEXT NOT NULL, record TEXT NOT NULL, sha256 TEXT NOT NULL)"""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Address(Strict):
    lines: list[str] = Field(min_length=1, max_length=4)
    city: str = Field(max_length=100)
    region: str | None = Field(default=None, max_length=100)
    postal_code: str | None = Field(default=None, max_length=20)
    country: str = Field(pattern="^[A-Z]{2}$")


class Applicant(Strict):
    reference: str = Field(min_length=1, max_length=100)
    given_name: str = Field(min_length=1, max_length=100)
    family_name: str = Field(min_length=1, max_length=100)
    date_of_birth: date
    national_id: str | None = Field(default=None, max_length=50)
    email: str | None = Field(default=None, max_length=254, pattern="^[^@ ]+@[^@ ]+$")
    phone: str | None = Field(default=None, pattern=r"^\+[0-9]{4,15}$")
    address: Address | None = None


class Loan(Strict):
    amount: int = Field(gt=0, le=9_007_199_254_740_991)
    currency: Literal["USD"]
    term_months: int = Field(ge=1, le=480)
    purpose: str


class Employment(Strict):
    years: float | None = Field(default=None, ge=0, le=80)


class Finances(Strict):
    annual_income: int = Field(ge=0)
    income_verification: Literal["not_verified", "verified", "source_verified"] | None = None
    home_ownership: Literal["rent", "own", "mortgage", "other", "none"] | None = None
    monthly_debt_payments: int = Field(ge=0)


class Bureau(Strict):
    delinquencies_24m: int = Field(ge=0)
    inquiries_6m: int = Field(ge=0)
    months_since_delinquency: float | None = Field(default=None, ge=0)
    months_since_public_record: float | None = Field(default=None, ge=0)
    open_accounts: int = Field(ge=0)
    total_accounts: int = Field(ge=0)
    public_records: int = Field(ge=0)
    bankruptcies: int = Field(ge=0)
    revolving_balance: int = Field(ge=0)
    revolving_utilization: float | None = Field(default=None, ge=0)
    first_credit_line: date | None = None


class Application(Strict):
    external_reference: str | None = Field(default=None, max_length=100)
    applicant: Applicant
    loan: Loan
    employment: Employment | None = None
    finances: Finances
    bureau: Bureau | None
    attributes: dict[str, float | str | bool | None] = {}


class Sqlite:
    """One writing connection per worker on a thread of its own, durable at every commit."""

    def __init__(self, path: str) -> None:
        self.thread = ThreadPoolExecutor(1)
        self.connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        with open(f"{path}.turn", "w") as turn:
            # Two workers may start at once, and a change to WAL waits for nobody.
            fcntl.flock(turn, fcntl.LOCK_EX)
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 30000"):
                self.connection.execute(f"PRAGMA {pragma}")
            self.connection.execute(TABLE)

    def write(self, row: tuple) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.execute("INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        self.connection.execute("COMMIT")

    async def insert(self, row: tuple) -> None:
        await asyncio.get_running_loop().run_in_executor(self.thread, self.write, row)


class Postgres:
    """A pool per worker; each insert is a transaction of its own, durable by the server's defaults."""

    def __init__(self, pool) -> None:
        self.pool = pool

    async def insert(self, row: tuple) -> None:
        await self.pool.execute("INSERT INTO decisions VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", *row)


async def open_database():
    if DATABASE.startswith("sqlite://"):
        return Sqlite(DATABASE.removeprefix("sqlite://"))
    import asyncpg

    pool = await asyncpg.create_pool(DATABASE, min_size=16, max_size=16)
    # Two workers may start at once: whoever is second finds the table.
    await pool.execute(f"SELECT pg_advisory_xact_lock(7); {TABLE}")
    return Postgres(pool)


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.booster = lightgbm.Booster(model_file=FILE)
    app.state.database = await open_database()
    yield


app = FastAPI(lifespan=lifespan)


def caller(authorization: Annotated[str, Header()] = "") -> dict:
    try:
        claims = jwt.decode(authorization.removeprefix("Bearer "), SECRET, algorithms=["HS256"], issuer=ISSUER,
                            audience=AUDIENCE, options={"require": ["exp", "iss", "aud", "sub"]})
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "the token is not accepted") from error
    if claims.get("role") not in ("service", "officer"):
        raise HTTPException(403, "the role may not do this")
    return claims


def features(application: Application, today: date) -> numpy.ndarray:
    loan, finances, bureau = application.loan, application.finances, application.bureau
    nan, income, amount = math.nan, application.finances.annual_income / 100, application.loan.amount / 100
    yearly = income or nan
    values = [
        loan.term_months,
        PURPOSES.index(loan.purpose) if loan.purpose in PURPOSES else nan,
        income,
        amount / yearly,
        finances.monthly_debt_payments * 12 / 100 / yearly,
        application.employment.years if application.employment else nan,
    ]
    if bureau is None:
        values += [nan] * 11
    else:
        optional = [bureau.months_since_delinquency, bureau.months_since_public_record, bureau.revolving_utilization]
        delinquency, record, utilization = [nan if value is None else value for value in optional]
        history = (today - bureau.first_credit_line).days / 365.25 if bureau.first_credit_line else nan
        values += [
            bureau.revolving_balance / 100, bureau.delinquencies_24m, delinquency, bureau.inquiries_6m,
            bureau.public_records, record, bureau.bankruptcies, bureau.open_accounts, bureau.total_accounts,
            utilization, history,
        ]
    values.append(amount / loan.term_months / (yearly / 12))
    return numpy.array([values], dtype=float)


@app.post("/v1/applications", status_code=201)
async def submit(application: Application, who: Annotated[dict, Depends(caller)]):
    now = datetime.now(timezone.utc)
    table = features(application, now.date())
    # Contributions and, last, the baseline; they sum to the margin, so one call predicts and explains.
    explained = app.state.booster.predict(table, pred_contrib=True, num_threads=1)[0]
    contributions = dict(zip(FEATURES, explained[:-1].tolist(), strict=True))
    margin = float(explained.sum())
    probability = 1 / (1 + math.exp(-margin))
    outcome = "approve" if probability < APPROVE_BELOW else "review" if probability < DECLINE_FROM else "decline"
    rules = []
    if application.finances.monthly_debt_payments * 12 > 0.45 * application.finances.annual_income:
        rules, outcome = ["debt-to-income-cap"], "review" if outcome == "approve" else outcome
    raising = sorted(((value, name) for name, value in contributions.items() if value > 0), reverse=True)[:4]
    reasons = [] if outcome == "approve" else [
        {"code": REASONS[name], "feature": name, "contribution": value} for value, name in raising
    ]
    decision = {
        "id": f"dec_{uuid.uuid4()}", "outcome": outcome, "probability_of_default": probability,
        "score": round(487.12 - 28.85 * margin), "reasons": reasons, "rules": rules, "decided_at": now.isoformat(),
    }
    application_id = f"app_{uuid.uuid4()}"
    received = application.model_dump_json()
    record = orjson.dumps({"features": table[0].tolist(), "contributions": contributions, "baseline": explained[-1],
                           "margin": margin, "decision": decision, "actor": who["sub"]},
                          option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_SORT_KEYS).decode()
    await app.state.database.insert((decision["id"], application_id, decision["decided_at"], outcome, probability,
                                     received, record, hashlib.sha256(record.encode()).hexdigest()))
    answer = {"id": application_id, "application": orjson.Fragment(received), "decision": decision}
    return Response(orjson.dumps(answer), 201, media_type="application/json")


@app.get("/healthz")
async def healthz():
    return {"status": "ok"}
