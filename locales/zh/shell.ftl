# 每个页面都有的文字，以及多处使用的词语。

shell-product = Underwright
shell-skip = 跳到正文
shell-main-navigation = 主导航
shell-menu = 菜单
shell-home = 首页
shell-applications = 贷款申请
shell-review = 待审核
shell-new-application = 新建申请
shell-models = 模型
shell-policy = 政策
shell-audit = 审计日志
shell-applicants = 申请人
shell-waiting = { $count } 件待审
shell-sign-out = 退出登录
shell-signed-in-as = 当前用户
shell-language = 语言
shell-theme = 外观
shell-theme-system = 跟随系统
shell-theme-light = 浅色
shell-theme-dark = 深色

shell-role-officer = 信贷员
shell-role-manager = 信贷经理
shell-role-risk = 风险管理
shell-role-auditor = 审计员
shell-role-privacy = 隐私专员
shell-role-service = 核心系统
shell-role-admin = 管理员

shell-outcome-approve = 已批准
shell-outcome-review = 待审核
shell-outcome-decline = 已拒绝
shell-status-decided = 已决定

shell-just-now = 刚刚
shell-ago = { $span }前
shell-span-moment = 片刻
shell-span-minutes = { $count } 分钟
shell-span-hours = { $count } 小时
shell-span-days = { $count } 天

shell-refused-request = 请求编号
shell-back-home = 返回首页
shell-not-found-title = 没有这个页面
shell-not-found-text = 地址可能有误，或者您无权查看此处的内容。
shell-forbidden-title = 您的角色无权进行此操作
shell-forbidden-text = 如果工作需要，请联系账户管理员。如果您刚刚提交了表单，请重新打开该页面再试一次：您的会话可能已经改变。
shell-busy-title = 等待处理的请求过多
shell-busy-text = 本次操作没有保存。请稍候几秒再试。
shell-conflict-title = 有人先您一步
shell-conflict-text = 您打开之后，这份申请已有变动。请重新打开，查看最新的决定。
shell-erased-title = 无法对该申请人的数据进行此操作
shell-erased-text = 数据已被删除，或正受法律保全。
shell-failed-title = 系统出现故障
shell-failed-text = 这不是您的问题。除非您之后能查到，否则本次操作没有保存。如果再次发生，请将下方的请求编号告知系统维护人员。
shell-bad-request-title = 无法读取您的请求
shell-bad-request-text = 地址或表单不符合此页面的要求。请返回后重试。
