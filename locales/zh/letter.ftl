# 致被拒申请人的信函。须包含的内容及其依据见 docs/letters.md。

letter-title = 致申请人的信函
letter-text = 信函写明上述理由，并按发出的原文记录。每种语言只生成一次，可从历史中再次打开。
letter-not-set = 此服务器未设置出具信函的贷款机构，请由管理员在 [lender] 中设置名称和地址。
letter-invented-hint = 开发模式：贷款机构为虚构，请在 [lender] 中设置您的机构。
letter-make = 生成（{ $language }）
letter-open = 打开信函
letter-proof = 证明
letter-back = 返回申请
letter-print = 打印
letter-print-hint = 打印此页即可寄出。
letter-recorded = 已于 { $moment } 记入审计日志第 { $sequence } 条。

letter-invented = 此信函并非真实：服务器在开发模式下运行，贷款机构为虚构。
letter-subject = 关于您贷款申请的决定
letter-salutation = 尊敬的{ $name }：
letter-opening = 我们于 { $day } 收到您的贷款申请，金额 { $amount }，期限 { $months } 个月（编号 { $reference }）。经审核，我们不能为您发放此笔贷款。
letter-reasons-title = 决定的理由
letter-reasons-text = 作出此决定的主要理由如下：
letter-report-title = 您的信用报告
letter-report-text = 我们的决定部分依据一家消费者报告机构提供的有关您的信息。该机构并未作出此决定，也无法向您说明具体理由：
letter-report-rights = 依据《公平信用报告法》（Fair Credit Reporting Act），您有权了解自己信用档案中的内容。收到本信之日起 60 天内，您可以向该机构免费索取一份您的报告。如报告中有任何不准确或不完整之处，您有权向该机构提出异议。
letter-score-title = 您的信用评分
letter-score-text = 我们还使用了信用评分：该数值表示贷款得到偿还的可能性，会随您的情况和信用报告而变化。
letter-score-number = 您的评分：{ $score }
letter-score-date = 计算日期：{ $day }
letter-score-range = 可能的最低分与最高分：{ $least } 至 { $greatest }；评分越高，风险越低
letter-score-provider = 计算者：{ $lender }
letter-score-factors = 对您的评分影响最大的不利因素：
letter-notice-title = 声明
letter-notice = 联邦《平等信贷机会法》（Equal Credit Opportunity Act）禁止债权人因种族、肤色、宗教、原国籍、性别、婚姻状况、年龄（以申请人具有订立有约束力合同的能力为限），因申请人的全部或部分收入来自任何公共援助计划，或因申请人善意行使《消费者信贷保护法》（Consumer Credit Protection Act）规定的任何权利，而歧视信贷申请人。就本债权人而言，监督本法遵守情况的联邦机构为：{ $agency }。
letter-english-on-request = 您可以向我们索取本信的英文版本。
letter-questions = 如有疑问，请按上述地址致函我们。
letter-questions-telephone = 如有疑问，请按上述地址致函我们，或致电 { $telephone }。
letter-closing = 此致
letter-refused-title = 无法生成信函
letter-refused-text = 只有被拒的申请才有信函，且管理员须在 [lender] 中设置贷款机构、监管机构和征信机构。
