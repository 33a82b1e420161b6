# From the average applicant's score to this one's.

waterfall-title = Why this score
waterfall-from = The average applicant has { $baseline } points.
waterfall-lost = { $count ->
    [0] No factor takes any away;
    [one] One factor takes { $points } away;
   *[other] { $count } factors take { $points } away;
}
waterfall-won = { $count ->
    [0] none adds any: { $score } points.
    [one] one adds { $points }: { $score } points.
   *[other] { $count } add { $points }: { $score } points.
}
waterfall-no-points = In log-odds of default, because the policy that decided cannot be found any more: above zero raises the risk.
waterfall-axis = The steps stand on a scale of the probability of default.
waterfall-cut-offs = Dashed lines: approved below { $approve }, declined from { $decline }.
waterfall-average = Average applicant
waterfall-own = This applicant
waterfall-raises = raises the risk
waterfall-lowers = lowers the risk
waterfall-others = { $count } more factors
waterfall-each = Show each of them
waterfall-log-odds = In log-odds of default the way leads from { $baseline } to { $margin }.
