# 登录与退出。

session-sign-in-title = 登录
session-development-text = 本服务器处于开发模式：仅限本机使用，任何能打开此页面的人都可以登录。请选择一个角色，查看它能看到的内容。
session-development-roles = 登录身份
session-name = 用户名
session-password = 密码
session-submit = 登录
session-refused = 用户名或密码不正确。
session-wait = 失败次数过多，请在 { $span } 后重试。
session-busy = 登录人数过多，请稍候几秒再试。
session-own-title = 我的会话
session-own-text = 您已登录的设备。退出登录、一段时间未使用，或达到最长时限时，会话即结束。
session-browser = 浏览器
session-started = 登录时间
session-last-seen = 最近使用
session-this = 当前会话
session-end = 结束
session-end-others = 结束其他所有会话
session-seconds = { $count } 秒
