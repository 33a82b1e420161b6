# 随附模型的因素，按名称列出。仅当模型中的名称与英文文件中的原文完全一致时，才显示此处的译文。

factors-term-months = 贷款期限（月）
factors-purpose = 贷款用途
factors-annual-income = 年收入
factors-loan-to-income = 贷款金额与年收入之比
factors-debt-to-income = 每月债务还款占月收入的百分比
factors-employment-years = 现单位任职年数（10 年及以上按 10 年计）
factors-credit-history-months = 首个信贷账户至今的月数
factors-delinquencies-24m = 过去 24 个月内逾期 30 天及以上的还款次数
factors-months-since-delinquency = 距最近一次逾期的月数
factors-inquiries-6m = 过去 6 个月内被贷款机构查询的次数
factors-public-records = 不良公共记录数
factors-months-since-public-record = 距最近一次不良公共记录的月数
factors-bankruptcies = 破产次数
factors-open-accounts = 未结清账户数
factors-total-accounts = 账户总数
factors-revolving-utilization = 循环账户余额与额度之比
factors-balance-to-income = 循环账户余额与年收入之比
factors-credit-limit = 循环账户额度总和

# 类别。

factors-value-car = 汽车
factors-value-credit-card = 信用卡还款
factors-value-debt-consolidation = 债务合并
factors-value-educational = 教育
factors-value-home-improvement = 住房装修
factors-value-house = 购房
factors-value-major-purchase = 大额购物
factors-value-medical = 医疗
factors-value-moving = 搬家
factors-value-other = 其他
factors-value-renewable-energy = 可再生能源
factors-value-small-business = 小型企业
factors-value-vacation = 度假
factors-value-wedding = 婚礼
