"""Words that say nothing, or little, of what a text is about, in Chinese and English."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\S+", text))


# Forms of address, asking and wishing, and words without a matter.
STOP = _words("""
建议 希望 请问 请求 咨询 反映 关于 问题 意见 领导 尊敬 您好 你好 谢谢 感谢 部门 有关 相关 政府 单位 工作 情况 进行 没有 无法 不能 能否 可以
应该 需要 能够 觉得 认为 知道 看到 感觉 发现 解决 处理 回复 答复 办理 要求 现在 目前 今天 今年 去年 时候 之前 以前 以后 一直 已经 还是 就是
不是 不会 是否 是不是 有没有 怎么 怎么办 什么 多少 为什么 如何 哪里 这个 那个 这样 那样 这种 一种 一个 一些 有些 有的 很多 许多 非常 特别
比较 十分 严重 本人 我们 你们 他们 自己 大家 个人 人员 群众 百姓 老百姓 市民 居民 市长 书记 局长 县长 主任 先生 女士 书记您好 方面 内容 事情
东西 地方 时间 原因 结果 方式 方法 影响 造成 导致 存在 出现 得到 成为 作为 使用 采取 给予 予以 敬请 期待 期望 盼望 望 请 想 说 看 做 去 来
有 无 没 是 会 能 要 让 给 到 使 用 上 下 里 中 人 事 大 小 多 少 好 新 老 高 低 再 更 越 太 真 加强 加大 提高 改善 改进 增加 增强 完善 尽快
尽早 早日 及时 重视 关注 支持 帮助 继续 保持 整体 总体 其他 其它 另外 所有 全部 部分 每天 每次 每年 一次 第一 下次 这次 本次 到底 究竟 难道
基本 一般 不错 很好 满意 感到 开始 完全 真的 多点 一点 有点 一下 一定 不要 只有 只能 还有 都是 因为 所以 但是 如果 虽然 而且 不过 麻烦 烦请
恳请 请教 咨询一下 了解 告知 明确 合理 不合理 先后 能不能 可不可以 要不要 会不会 好不好 年初 年底 月份 上午 下午 左右 期间 近期 最近 当时
附近 里面 上面 下面 后面 前面 旁边 以上 以下 之后 之间 没什么 越办 越来越 进去 进来 出去 过来 过去 起来 下去 下来
a about after all also an and any are as at be because been but by can could did do does for from had has have he her him his how i if in
into is it its just like me more most much my need needs no not of on one or other our out please really she should so some than that the
their them then there these they this those to too up us very was we were what when where which who will wish with would you your thanks
thank hope suggest suggestion problem problems issue issues think get got make made don didn isn wasn
""")

# Words that are about something and may be about anything.
VAGUE = _words("""
公司 管理 国际 联系 新闻 何时 关心 现实 中心 预计 经历 问下 方向 实地 政策 标准 申请 材料 县政府 市政府 服务 企业 项目 活动 市场 安排 提供
机构 环节 信息 方便 专业 统一 重新 清楚 资料 名字 社会 国家 全国 全省 全市 生活 发展 建设 设施 计划 打算 准备 开展 组织 参加 提前 明白 大厅
现场 本市 本地 享受 实在 事宜 流程 范围 不用 出来 不到 不够 心里 比如 讲讲 听听 这是 小时 基本上 有时候 告诉 最好 普通 业务 记录 违规 何时能
规定 措施 目的 作用 程度 环境 安全 无人 没人 上级 上级领导 拒绝 经验 关键 重要 正常 直接 实际 具体 主要 根本 每个 各种
service information time people good great nice well better bad place day way use give
""")
