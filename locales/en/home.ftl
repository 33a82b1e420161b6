# The home page.

home-title = Home
home-waiting-title = Waiting for review, oldest first
home-waiting-none = Nothing waits for review.
home-waiting-late = { $count ->
    [one] { $count } waits longer than { $target }
   *[other] { $count } wait longer than { $target }
}
home-all-waiting = All that wait
home-recent-title = Recent decisions
home-recent-none = Nothing was decided yet.
home-all-applications = All applications
home-application = Application
home-amount = Amount
home-score = Score
home-age = Waits for
home-decided-at = Received
home-outcome = Outcome
home-decided = Decided today
home-approved = Approved at once
home-median-score = Median score
home-before = { $value } on a usual day
home-days = The last four weeks, by day; model and policy alone.
home-counting = Still counting what was decided before.
home-log-title = The audit log
home-log-entries = Entries
home-log-verified = Last verified
home-log-uncovered = Not signed yet
home-log-not-verified = never
home-log-intact = intact
home-log-broken = The audit log was found broken on { $at }. Open the audit log, and call whoever runs this service.
home-log-stale = The audit log was last verified on { $day }. Verify it again.
home-log-never = The audit log was never verified here.
home-shifted = The scores of the last seven days differ from those of the three weeks before (stability index { $index }). The people who apply may be others than those that the model learned from.
home-recorder-busy = { $count } changes wait to be recorded: answers may be slow.
