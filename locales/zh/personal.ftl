# 申请页面上的申请人个人数据。

personal-title = 申请人
personal-hidden = 姓名、出生日期、证件号码、联系方式和地址均已隐藏。查看者、时间和原因都会被记录。
personal-closed = 个人数据已隐藏。信贷员和经理可以查看，每次查看都会留在历史中。
personal-erased = 申请人的数据已删除，任何人都无法再读取。
personal-why = 为何需要查看？
personal-choose = 请选择原因
personal-wrong = 请选择需要查看的原因。
personal-show = 显示个人数据
personal-shown = 仅显示这一次，且已记录。重新打开此页后将再次隐藏。
personal-name = 姓名
personal-reference = 客户编号
personal-birth = 出生日期
personal-national-id = 证件号码
personal-email = 电子邮箱
personal-phone = 电话
personal-address = 地址
personal-reason-contact = 联系申请人
personal-reason-identity = 核对申请人身份
personal-reason-documents = 核对材料
personal-reason-complaint = 答复投诉
personal-reason-access-request = 答复申请人的查阅请求
personal-reason-letter = 打开信函
