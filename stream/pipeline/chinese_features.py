"""What every feature says in Chinese, as an analyst of a Chinese shop would write it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Phrase:
    """The words of a feature with ``{value}`` in them, as `Feature.says` has them in English.

    ``measure`` follows a number, as a count or ratio needs in Chinese; ``below`` is said of a value
    below zero, told without its sign. Spaces between Chinese and other characters are put in later.
    """

    says: str
    measure: str = ""
    below: str = ""


_WINDOWS: Final = {"1h": "近1小时内", "1d": "近24小时内", "7d": "近7天内", "30d": "近30天内"}


def _each(name: str, says: str, measure: str, *windows: str) -> dict[str, Phrase]:
    """Return a phrase for each window of features that differ in nothing else."""
    return {f"{name}_{w}": Phrase(_WINDOWS[w] + says, measure) for w in windows}


_AMOUNTS: Final = {
    "amount": Phrase("金额{value}"),
    "amount_per_item": Phrase("平均每件商品金额{value}"),
    "amount_vs_mean": Phrase("金额为该用户历史单笔均值的{value}", "倍"),
    "amount_deviation": Phrase("金额比该用户平常水平高{value}", "个标准差",
                               "金额比该用户平常水平低{value}"),
    "amount_vs_max": Phrase("金额为该用户历史最大单笔金额的{value}", "倍"),
    **_each("amount", "下单金额合计{value}", "", "1d", "7d", "30d"),
    "amount_vs_mean_7d": Phrase("金额为该用户近7天单笔均值的{value}", "倍"),
    "amount_vs_mean_30d": Phrase("金额为该用户近30天单笔均值的{value}", "倍"),
    "amount_vs_max_7d": Phrase("金额为该用户近7天最大单笔金额的{value}", "倍"),
    "amount_peak_7d": Phrase("近7天最大一笔订单为该用户历史单笔均值的{value}", "倍"),
    "amount_peak_14d": Phrase("近14天最大一笔订单为该用户历史单笔均值的{value}", "倍"),
    "amount_peak_30d": Phrase("近30天最大一笔订单为该用户历史单笔均值的{value}", "倍"),
    "amount_mean_7d_vs_mean": Phrase("近7天单笔均值为该用户历史单笔均值的{value}", "倍"),
    **_each("amount_mean", "平均每单金额{value}", "", "1d", "7d", "30d"),
    "amount_max_30d": Phrase("近30天内最大一笔订单金额{value}"),
    "amount_growth_7d": Phrase("近7天下单金额为前一周的{value}", "倍"),
    "amount_vs_seller": Phrase("金额为此卖家单笔均值的{value}", "倍"),
}  # fmt: skip

_COUNTS: Final = {
    **_each("orders", "下单{value}", "笔", "1h", "1d", "7d", "30d"),
    **_each("browse", "浏览行为{value}", "次", "1h", "1d", "7d"),
    **_each("searches", "搜索{value}", "次", "1d"),
    **_each("carts", "加入购物车{value}", "次", "1d"),
    **_each("logins", "登录{value}", "次", "1d"),
    **_each("reviews", "发表评价{value}", "条", "1d", "7d"),
    "orders_growth_7d": Phrase("近7天订单数为前一周的{value}", "倍"),
    **_each("browse_per_order", "平均每单浏览{value}", "次", "1d", "30d"),
    "n_orders": Phrase("累计下单{value}", "笔"),
    "n_open_orders": Phrase("未完结订单{value}", "笔"),
    "cancelled_share_30d": Phrase("近30天内的订单中已取消的占{value}"),
    "returned_share_30d": Phrase("近30天内的订单中退货退款的占{value}"),
    "returned_share": Phrase("全部订单中退货退款的占{value}"),
    "refund_share_30d": Phrase("近30天内的消费金额中已退款的占{value}"),
}

_HABITS: Final = {
    "hours_since_order": Phrase("距上次下单{value}", below="上次下单比本次事件晚{value}"),
    "hours_since_browse": Phrase("距上次浏览{value}", below="上次浏览比本次事件晚{value}"),
    "hours_since_login": Phrase("距上次登录{value}", below="上次登录比本次事件晚{value}"),
    "hours_since_review": Phrase("距上次评价{value}", below="上次评价比本次事件晚{value}"),
    "order_gap_vs_usual": Phrase("距上次下单的间隔为该用户平常间隔的{value}", "倍",
                                 "上次下单比本次事件晚，相当于平常间隔的{value}"),
    "tenure_days": Phrase("距该用户首次出现{value}", below="该用户首次出现比本次事件晚{value}"),
    "account_age_days": Phrase("账号已注册{value}", below="账号注册比本次事件晚{value}"),
    "same_hour_share": Phrase("该用户的行为中发生在这一时段的占{value}"),
    "night_share": Phrase("该用户的行为中发生在凌晨的占{value}"),
    "weekend_share": Phrase("该用户的行为中发生在周末的占{value}"),
    "is_night": Phrase("发生在凌晨"),
    "is_weekend": Phrase("发生在周末"),
    "hours_since_placed": Phrase("距该订单提交{value}", below="比该订单提交早{value}"),
    "device_age_days": Phrase("距该账号首次使用此设备{value}",
                              below="该账号首次使用此设备比本次事件晚{value}"),
    "address_age_days": Phrase("距该账号首次使用此收货地址{value}",
                               below="该账号首次使用此收货地址比本次事件晚{value}"),
    "instrument_age_days": Phrase("距该账号首次使用此支付工具{value}",
                                  below="该账号首次使用此支付工具比本次事件晚{value}"),
    "new_device": Phrase("该账号首次使用此设备"),
    "new_address": Phrase("该账号首次使用此收货地址"),
    "new_instrument": Phrase("该账号首次使用此支付工具"),
    "new_ip": Phrase("该账号首次使用此网络"),
    "new_seller": Phrase("该账号首次光顾此卖家"),
    "new_category": Phrase("该账号首次涉及此品类"),
    **_each("n_devices", "使用设备{value}", "台", "1d", "30d"),
    **_each("n_instruments", "使用支付工具{value}", "个", "1d", "30d"),
    **_each("n_addresses", "使用收货地址{value}", "个", "30d"),
    **_each("n_ips", "使用网络{value}", "个", "1d"),
    **_each("n_sellers", "涉及卖家{value}", "家", "1d", "30d"),
    "billing_differs": Phrase("账单地址与收货地址不一致"),
}  # fmt: skip

_REVIEWS: Final = {
    "rating": Phrase("评分{value}", "星"),
    "rating_deviation": Phrase("评分比该用户平均评分高{value}", "星",
                               "评分比该用户平均评分低{value}"),
    "five_star_share": Phrase("该用户的评价中五星的占{value}"),
    "verified_share": Phrase("该用户的评价中已验证购买的占{value}"),
    "verified": Phrase("已验证购买"),
    "text_chars": Phrase("文本长{value}", "字"),
    "own_text_repeats": Phrase("该用户此前发表相同文本{value}", "次"),
}  # fmt: skip

_SHARED: Final = {
    **_each("device_other_users", "另有{value}账号使用过此设备", "个", "1d", "30d"),
    **_each("instrument_other_users", "另有{value}账号使用过此支付工具", "个", "30d"),
    **_each("address_other_users", "另有{value}账号使用过此地址", "个", "30d"),
    **_each("ip_other_users", "另有{value}账号使用过此网络", "个", "1d"),
    **_each("text_other_users", "另有{value}账号发表过相同评价文本", "个", "30d"),
    **_each("seller_other_users", "另有{value}账号光顾过此卖家", "个", "30d"),
    **_each("device_orders", "使用此设备的订单{value}", "笔", "1d"),
    **_each("instrument_orders", "使用此支付工具的订单{value}", "笔", "1d"),
    **_each("ip_orders", "使用此网络的订单{value}", "笔", "1d"),
    **_each("seller_orders", "此卖家的订单{value}", "笔", "1d", "30d"),
    "device_head_start_days": Phrase("其他账号首次使用此设备比该账号早{value}"),
    "address_head_start_days": Phrase("其他账号首次使用此地址比该账号早{value}"),
    "instrument_head_start_days": Phrase("其他账号首次使用此支付工具比该账号早{value}"),
    "seller_age_days": Phrase("距此卖家首次出现{value}", below="此卖家首次出现比本次事件晚{value}"),
    "seller_day_share": Phrase("此卖家近30天的订单中集中在近24小时内的占{value}"),
    **_each("device_frauds", "此设备已确认欺诈{value}", "起", "30d"),
    **_each("instrument_frauds", "此支付工具已确认欺诈{value}", "起", "30d"),
    **_each("address_frauds", "此地址已确认欺诈{value}", "起", "30d"),
    **_each("ip_frauds", "此网络已确认欺诈{value}", "起", "30d"),
    **_each("seller_fraud_share", "此卖家的订单中确认为欺诈的占{value}", "", "1d", "7d", "30d"),
    **_each("seller_frauds", "此卖家已确认欺诈{value}", "起", "7d", "30d"),
    "days_since_seller_fraud": Phrase("距此卖家最近一次确认欺诈{value}"),
    "days_since_seller_first_fraud": Phrase("距此卖家近30天内首次确认欺诈{value}"),
    "days_since_seller_fraud_run": Phrase("此卖家的订单全部被核实为欺诈，已持续{value}"),
    "seller_fraud_run": Phrase("此卖家最近核实的{value}订单均为欺诈", "笔"),
    "seller_labels_since_fraud": Phrase("自最近一次确认欺诈以来，此卖家有{value}订单核实为正常",
                                        "笔"),
    "user_frauds": Phrase("该账号此前被确认为欺诈的事件{value}", "起"),
    "days_since_user_fraud": Phrase("距该账号最近一次确认欺诈{value}",
                                    below="该账号最近一次确认欺诈比本次事件晚{value}"),
}  # fmt: skip

_EVENT: Final = {
    "hour": Phrase("发生在{value}点"),
    "weekday": Phrase("发生在一周的第{value}天"),
    "n_items": Phrase("订单共{value}", "件商品"),
    "dwell_s": Phrase("页面停留{value}秒"),
    "helpful_votes": Phrase("{value}认为评价有用", "人"),
}

CHINESE: Final = _AMOUNTS | _COUNTS | _HABITS | _REVIEWS | _SHARED | _EVENT
"""The phrase of every feature, by its name."""
