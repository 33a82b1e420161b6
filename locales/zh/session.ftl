# 登录与退出。

session-sign-in-title = 登录
session-development-text = 本服务器处于开发模式：仅限本机使用，任何能打开此页面的人都可以登录。请选择一个角色，查看它能看到的内容。
session-development-roles = 登录身份
session-accounts-text = 请使用管理员为您创建的账户登录。
