# 从平均申请人的评分到此申请人的评分。

waterfall-title = 评分的由来
waterfall-from = 平均申请人为 { $baseline } 分。
waterfall-lost = { $count ->
    [0] 没有因素扣分；
   *[other] { $count } 项因素共扣 { $points } 分；
}
waterfall-won = { $count ->
    [0] 没有因素加分：{ $score } 分。
   *[other] { $count } 项因素共加 { $points } 分：{ $score } 分。
}
waterfall-no-points = 以违约对数几率表示，因为作出决定的政策已无法找到：大于零提高风险。
waterfall-axis = 各步按违约概率的刻度排列。
waterfall-cut-offs = 虚线：低于 { $approve } 批准，{ $decline } 及以上拒绝。
waterfall-average = 平均申请人
waterfall-own = 此申请人
waterfall-raises = 提高风险
waterfall-lowers = 降低风险
waterfall-others = 其他 { $count } 项因素
waterfall-each = 逐项显示
waterfall-log-odds = 以违约对数几率计，从 { $baseline } 到 { $margin }。
