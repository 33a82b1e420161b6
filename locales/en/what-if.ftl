# What would change the answer.

what-if-title = What would change it
what-if-page = Another amount and term
what-if-no-matter = No other amount or term that was tried changes this answer.
what-if-never = No amount up to { $amount } would be approved, whatever the term.
what-if-still = It would still be approved up to { $amount } over { $months } months.
what-if-still-everywhere = It would still be approved at { $amount } over { $months } months; more was not tried.
what-if-other-term = The same amount would be approved over { $months } months.
what-if-smaller = Up to { $amount } over { $months } months it would be approved.
what-if-largest = Largest amount that would be approved
what-if-term = Term
what-if-amount = Amount
what-if-score = Score
what-if-months = { $months ->
    [one] 1 month
   *[other] { $months } months
}
what-if-at-least = at least { $amount }
what-if-none = none
what-if-alone = Other changes, each by itself
what-if-debts = With monthly debt payments of { $to } in place of { $from } it would be approved, with a score of { $score }.
what-if-balances = With revolving balances paid down from { $from } to { $to } it would be approved, with a score of { $score }.
what-if-debts-not-enough = With hardly any monthly debt payments, in place of { $from }, the score would be { $best }: not enough.
what-if-balances-not-enough = With hardly any revolving balances, in place of { $from }, the score would be { $best }: not enough.
what-if-try = Try another amount and term
what-if-try-text = Decided by the model and policy of this decision, as of its day. Nothing is stored.
what-if-amount-in = Amount in { $currency }
what-if-term-in = Term in months
what-if-amount-slider = Amount, slider
what-if-term-slider = Term, slider
what-if-ask = Show the answer
what-if-back = Back to the application
what-if-said = { $loan }: { $outcome }, score { $score }, probability of default { $probability }.
what-if-wrong = Give an amount above zero, such as 12,000.50, and a term of 1 to { $months } months.
what-if-against = against the decision
what-if-moved = What moves the score
what-if-rules = Rules that would fire
what-if-nothing-moves = The score is the one that was decided.
