# 某项数值在可比申请人中的位置。

standing-higher = 高于 100 人中的 { $share } 人
standing-lower = 低于 100 人中的 { $share } 人
standing-like = 与 100 人中的 { $share } 人相同
standing-like-higher = 与 100 人中的 { $same } 人相同，高于 { $share } 人
standing-like-lower = 与 100 人中的 { $same } 人相同，低于 { $share } 人
standing-missing = 未知，100 人中有 { $share } 人同样未知
standing-alone = 其他人均未知
standing-decisions = 与该模型最近决定的 { $count } 位申请人比较。
standing-tested = 该模型决定的申请尚不足 { $fewest } 份，因此与其测试数据中的 { $count } 笔贷款比较。
standing-nobody = 没有比较对象：该模型决定的申请尚不足 { $fewest } 份。
standing-soon = 正在统计可比申请人，请稍后重新打开此页。
