"""How long themes take to find in many open answers, and how that grows; on invented answers as people write them."""

import subprocess
import sys
from collections.abc import Iterator
from random import Random
from time import perf_counter

from bench.report import Figure

MANY, LONGEST, MOST_MEMORY = 10_000, 20, 1024  # answers, seconds, MB
ROUNDS = 3

# What people complain of or praise, the ways in which they call it, and what they say of it.
MATTERS = (
    (("停车位", "停车的地方", "车位", "停车场"), ("太少", "不好找", "绕了两圈才找到", "离大厅太远", "早上就满了")),
    (("CA证书", "证书登录", "CA锁"), ("经常报错", "换一台电脑就登不上", "每年续费不便宜", "各平台不通用", "插上没有反应")),
    (("保证金退还", "投标保证金", "保证金"), ("太慢", "等了两周才到账", "希望公示结束就退", "比以前快多了", "退款进度查不到")),
    (("讲解员", "讲解", "解说"), ("很细致", "声音太小", "讲得通俗易懂", "语速有点快", "后排听不清楚")),
    (("座谈会", "座谈环节", "座谈"), ("时间太短", "没轮到我们发言", "安排得好", "应该多留半小时", "最有收获")),
    (("招标文件", "标书", "投标文件"), ("示范文本不统一", "上传特别卡", "条款写得不清楚", "每次都要重做", "格式要求太多")),
    (("评标专家", "专家抽取", "专家"), ("迟到没人管", "专业不对口", "考核情况应当公开", "临时补抽耽误时间", "打分差距太大")),
    (("空调", "会场温度", "冷气"), ("开得太低", "坐久了有点冷", "后排一点不凉", "声音很吵", "温度刚好")),
    (("公交", "公交车", "公交站"), ("要倒两次车", "站牌不好找", "班次太少", "下车还要走一公里", "末班车太早")),
    (("农村产权交易", "土地流转", "村里的鱼塘"), ("手续看不懂", "希望到镇上设点", "价格比以前高", "公告村民看不到", "合同怎么签说不清")),
    (("食堂", "午餐", "盒饭"), ("味道不错", "排队太久", "没有清真的", "冷了才送来", "分量太少")),
    (("网站", "公告栏目", "信息公开栏"), ("专业词太多", "找不到要的公告", "手机上打不开", "更新不及时", "查询很方便")),
    (("窗口", "服务窗口", "办事窗口"), ("态度很好", "中午没有人", "一次性告知做得好", "要排很久的队", "让人来回跑")),
    (("the parking lot", "parking spaces", "parking"), ("was full early", "are too few", "is far from the hall", "has no signs")),
    (("the guide", "our guide", "the tour guide"), ("spoke very clearly", "was hard to hear", "answered every question", "went too fast")),
    (("the registration website", "online registration", "the website"), ("kept failing", "was easy", "does not work on a phone", "is only in Chinese")),
)
OPENINGS = ("", "", "", "建议改进，", "总体不错，就是", "说一点：", "希望重视，", "今天第一次来，", "我们公司反映，", "多次反映过，")
ENDINGS = ("。", "", "，希望改进。", "，请尽快解决。", "，谢谢。", "，下次还会来。", "！", "，建议早点通知。", "，其他都好。")
SMALL_TALK = ("没有意见", "无", "很好", "挺好的", "没有", "none", "暂无建议", "继续保持", "越办越好")
NAMES = ("开标室", "交易大厅", "西门", "二楼", "三号厅", "评标区", "服务台", "电梯口", "一楼", "东门", "报告厅", "展厅", "休息区", "签到处", "档案室")


def themes() -> Iterator[Figure]:
    half, whole = (min(_measured(number) for _ in range(ROUNDS)) for number in (MANY // 2, MANY))
    seconds, memory = whole
    yield Figure(f"themes of {MANY:,} open answers", f"{seconds:.1f} s", f"at most {LONGEST} s", met=seconds <= LONGEST)
    yield Figure("their memory", f"{memory:.0f} MB", f"peak of the process; at most {MOST_MEMORY} MB", met=memory <= MOST_MEMORY)
    yield Figure(f"themes of {MANY:,} answers ÷ of {MANY // 2:,}", f"{seconds / half[0]:.2f}", "n·log n would be 2.16; at most 2.2",
                 met=seconds / half[0] <= 2.2)


def answers(number: int) -> list[str]:
    """Invented answers: some matters are told of often and many seldom, some answers repeat another, some say nothing."""
    chance = Random(20260318)
    weights = [1 / (rank + 1) ** 0.7 for rank in range(len(MATTERS))]
    said: list[str] = []
    for _ in range(number):
        draw = chance.random()
        if draw < 0.08:
            said.append(chance.choice(SMALL_TALK))
        elif draw < 0.16 and said:
            said.append(chance.choice(said[-200:]))
        else:
            said.append("".join(_sentence(chance, weights) for _ in range(chance.choice((1, 1, 1, 2)))))
    return said


def _sentence(chance: Random, weights: list[float]) -> str:
    names, says = chance.choices(MATTERS, weights)[0]
    name, of = chance.choice(names), chance.choice(says)
    if name.isascii():
        return f"{name.capitalize()} {of}. "
    where = f"{chance.choice(NAMES)}那边" if chance.random() < 0.3 else ""
    number = f"，第{chance.randint(1, 60)}次了" if chance.random() < 0.15 else ""
    return f"{chance.choice(OPENINGS)}{where}{name}{of}{number}{chance.choice(ENDINGS)}"


def _measured(number: int) -> tuple[float, float]:
    """Seconds, and MB at the peak, of a process that does nothing else."""
    code = f"from bench.themes import run; run({number})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, memory = done.stdout.split()
    return float(seconds), float(memory)


def run(number: int) -> None:
    """In the process that is measured."""
    import resource  # noqa: PLC0415 -- only there

    from surveys import find_themes  # noqa: PLC0415 -- the process that measures needs none of it

    texts = answers(number)
    started = perf_counter()
    find_themes(texts)
    print(perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
