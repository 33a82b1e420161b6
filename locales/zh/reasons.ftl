# 随附模型与政策所述的理由，按代码列出。仅当记录的原文与英文文件中的原文完全一致时，才显示此处的译文。

reasons-not-given = 未提供或未知：{ $factor }
reasons-as-recorded = 部分文字没有译文，按作出决定的模型或政策的原文显示。

reasons-uw-balance-to-income = 循环账户余额相对收入过高
reasons-uw-bankruptcies = 信用档案中的破产次数
reasons-uw-closed-accounts = 已关闭的信贷账户数量
reasons-uw-credit-history = 信用历史较短
reasons-uw-credit-limit = 循环账户的额度总和
reasons-uw-debt-to-income = 现有债务还款相对收入过高
reasons-uw-delinquencies = 过去两年内的逾期还款次数
reasons-uw-employment-length = 任职时间较短
reasons-uw-home-ownership = 住房情况：租住、自有或按揭
reasons-uw-income = 收入较低
reasons-uw-income-verification = 所报收入的核实程度
reasons-uw-inquiries = 近期被贷款机构查询信用的次数
reasons-uw-instalment = 该贷款的每月还款额
reasons-uw-instalment-to-income = 该贷款的还款额相对收入过高
reasons-uw-loan-amount = 申请的贷款金额
reasons-uw-loan-to-income = 贷款金额相对收入过高
reasons-uw-open-accounts = 未结清的信贷账户数量
reasons-uw-public-records = 信用档案中不良公共记录的数量
reasons-uw-purpose = 贷款用途
reasons-uw-remaining-income = 扣除现有债务还款后的剩余收入较低
reasons-uw-revolving-balance = 循环账户的余额
reasons-uw-revolving-utilization = 信用额度的使用比例过高
reasons-uw-term = 贷款期限较长
reasons-uw-time-since-delinquency = 距最近一次逾期还款的时间
reasons-uw-time-since-public-record = 距最近一次不良公共记录的时间
reasons-uw-total-accounts = 信贷账户总数（含已关闭账户）
reasons-uw-total-debt-to-income = 债务还款（含该贷款）相对收入过高

# 每项政策共有的理由。

reasons-uw-no-bureau-file = 未找到申请人的征信档案
reasons-uw-outside-experience = 申请中有一项数据缺失或超出范围，而模型所学的贷款中没有此类情形
reasons-uw-rule-not-evaluated = 授信政策中有一条规则无法适用于该申请
reasons-uw-risk = 综合所有因素，违约风险过高

# 随附政策的规则。

reasons-uw-minimum-age = 申请人须年满 18 周岁
reasons-uw-debt-to-income-cap = 现有债务还款超过收入的 40%
reasons-uw-debt-to-income-limit = 现有债务还款超过收入的 60%
reasons-uw-loan-to-income-cap = 贷款金额超过半年收入
reasons-uw-recent-bankruptcy = 信用档案中有破产记录，且最近一次公共记录距今不足 24 个月
reasons-uw-thin-credit-file = 信用档案中的账户少于三个
reasons-uw-many-inquiries = 过去六个月内有六家或以上贷款机构查询信用档案
reasons-uw-unverified-income = 收入未经核实，而 20,000 及以上的贷款须核实收入
