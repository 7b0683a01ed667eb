"""What the market trades in: categories, their prices, and the words that make up product names."""

from dataclasses import dataclass
from typing import Final

from topics.simulator.wordlist import words


@dataclass(frozen=True)
class Category:
    """One category; ``price`` is the median in US dollars, ``spread`` the sigma of its logarithm.

    ``weight`` is its share of interest, ``returns`` how often it is sent back relative to others,
    ``resale`` how much thieves like it. Digital goods are delivered at once.
    """

    name: str
    price: float
    spread: float
    weight: float
    returns: float
    resale: float
    nouns_en: tuple[str, ...]
    nouns_zh: tuple[str, ...]
    digital: bool = False


def _category(
    name: str,
    price: float,
    spread: float,
    weights: tuple[float, float, float],
    english: str,
    chinese: str,
) -> Category:
    return Category(
        name,
        price,
        spread,
        *weights,
        tuple(english.split(", ")),
        tuple(chinese.split()),
        digital=name == "digital",
    )


# name, median price, spread, (weight, returns, resale), nouns
CATEGORIES: Final = (
    _category("electronics", 65, 0.9, (1.1, 1.0, 3.0),
        "headphones, bluetooth speaker, smart watch, power bank, webcam, projector, camera, tv box",
        "耳机 蓝牙音箱 智能手表 充电宝 摄像头 投影仪 相机 电视盒子"),
    _category("phones", 140, 1.1, (0.8, 0.8, 4.0),
        "phone case, smartphone, charger, screen protector, phone stand, usb cable, tablet",
        "手机壳 手机 充电器 钢化膜 手机支架 数据线 平板电脑"),
    _category("computers", 120, 1.0, (0.6, 0.8, 3.0),
        "laptop, keyboard, mouse, monitor, ssd drive, router, usb hub, printer",
        "笔记本电脑 键盘 鼠标 显示器 固态硬盘 路由器 扩展坞 打印机"),
    _category("clothing", 34, 0.6, (1.7, 2.6, 0.8),
        "t-shirt, down jacket, jeans, dress, hoodie, wool sweater, shirt, skirt, raincoat",
        "T恤 羽绒服 牛仔裤 连衣裙 卫衣 毛衣 衬衫 半身裙 雨衣"),
    _category("shoes", 52, 0.5, (0.9, 2.2, 1.2),
        "running shoes, sneakers, boots, sandals, slippers, loafers, hiking shoes",
        "跑鞋 运动鞋 靴子 凉鞋 拖鞋 乐福鞋 登山鞋"),
    _category("beauty", 24, 0.7, (1.2, 0.5, 1.6),
        "face cream, lipstick, shampoo, sunscreen, perfume, face mask, serum, hair dryer",
        "面霜 口红 洗发水 防晒霜 香水 面膜 精华液 吹风机"),
    _category("home", 38, 0.8, (1.2, 0.8, 0.5),
        "desk lamp, bed sheet set, pillow, curtain, storage box, carpet, mirror, bookshelf",
        "台灯 四件套 枕头 窗帘 收纳箱 地毯 镜子 书架"),
    _category("kitchen", 32, 0.8, (1.0, 0.7, 0.6),
        "rice cooker, frying pan, kettle, air fryer, knife set, lunch box, blender, thermos",
        "电饭煲 平底锅 电水壶 空气炸锅 刀具套装 饭盒 料理机 保温杯"),
    _category("books", 13, 0.5, (0.8, 0.3, 0.2),
        "novel, cookbook, picture book, exam guide, dictionary, travel guide, comic",
        "小说 菜谱 绘本 考试教材 词典 旅行指南 漫画"),
    _category("toys", 22, 0.7, (0.7, 0.7, 0.9),
        "building blocks, puzzle, doll, toy car, board game, kite, model kit, drone",
        "积木 拼图 娃娃 玩具车 桌游 风筝 模型 无人机"),
    _category("sports", 36, 0.7, (0.8, 0.9, 0.8),
        "yoga mat, dumbbells, tent, badminton racket, bike helmet, backpack, jump rope",
        "瑜伽垫 哑铃 帐篷 羽毛球拍 骑行头盔 双肩包 跳绳"),
    _category("grocery", 17, 0.6, (1.4, 0.2, 0.3),
        "green tea, coffee beans, mixed nuts, olive oil, dried mango, instant noodles, honey, rice",
        "绿茶 咖啡豆 坚果 橄榄油 芒果干 方便面 蜂蜜 大米"),
    _category("baby", 26, 0.6, (0.6, 0.5, 1.2),
        "diapers, milk powder, baby bottle, stroller, baby wipes, romper, teether",
        "纸尿裤 奶粉 奶瓶 婴儿车 湿巾 连体衣 牙胶"),
    _category("digital", 8, 0.9, (1.2, 0.1, 2.2),
        "game credits, gift card, phone top-up, video membership, ebook, music pass",
        "游戏点卡 礼品卡 话费充值 视频会员 电子书 音乐会员"),
)  # fmt: skip

ADJECTIVES_EN: Final = words(
    """classic | mini | pro | portable | soft | large | light | premium | daily | vintage | slim |
    outdoor | family | travel | new | basic | warm | quiet | fresh | smart"""
)
ADJECTIVES_ZH: Final = words(
    """经典 | 迷你 | 专业 | 便携 | 柔软 | 大号 | 轻便 | 高档 | 日常 | 复古 | 修身 | 户外 | 家用 |
    旅行 | 新款 | 基础 | 保暖 | 静音 | 新鲜 | 智能"""
)
BRANDS: Final = words(
    """Aoran | Belvo | Cintra | Duomi | Elvan | Fanto | Golari | Hesty | Iluma | Jorvik | Kasumi |
    Lanmo | Mirova | Norden | Olanda | Pexo | Qinhe | Rivano | Solvix | Tamori | Umbel | Vantis |
    Wexo | Xinya | Yolanda | Zentro"""
)
