"""Pieces of English reviews."""

from typing import Final

from topics.simulator.wordlist import Pieces, word_table, words

ENGLISH: Final = Pieces(
    aspects=word_table(
        """
        electronics: the sound | battery life | the bluetooth connection | the screen |
            the app | the build quality | charging;
        phones: the fit | the camera | charging speed | the cable | the screen |
            the battery | the buttons;
        computers: the keys | the speed | the fan | the display | the wifi signal | setup |
            the driver software;
        clothing: the fabric | the size | the colour | the stitching | the zipper |
            the cut | the lining;
        shoes: the sole | the size | the cushioning | the leather | the laces | the grip |
            the width;
        beauty: the smell | the texture | the effect on my skin | the packaging |
            the pump | the colour | how long it lasts;
        home: the material | the assembly | the colour | the size | the finish |
            the smell when unpacked | the stitching;
        kitchen: the coating | the lid | the handle | the noise | cleaning it | the timer |
            the capacity;
        books: the print | the paper | the story | the translation | the cover |
            the binding | the exercises;
        toys: the plastic | the instructions | the paint | the batteries | the pieces |
            how long it kept them busy | the box;
        sports: the grip | the padding | the weight | the straps | the material | the zip |
            the smell of rubber;
        grocery: the taste | the freshness | the best-before date | the bag | the smell |
            the portion | the sweetness;
        baby: the absorbency | the softness | the smell | the teat | the wheels |
            the size | the seams;
        digital: the code | the activation | the instructions | the speed of delivery |
            the validity | the balance | support
        """
    ),
    opinions={
        1: words(
            """excellent | better than I expected | really good | great |
            impressive for the price | spot on | exactly as described | perfect for me |
            a pleasant surprise | very solid | lovely | top notch"""
        ),
        0: words(
            """fine | okay | decent | good enough | alright, nothing special |
            as expected | acceptable | not bad at all | average |
            what you would expect at this price | so-so | passable"""
        ),
        -1: words(
            """poor | disappointing | not what the pictures show | worse than I hoped |
            cheap | a letdown | below average | awful | not up to the job | barely usable |
            bad | the weak point"""
        ),
    },
    says=words(
        """{A} is {o} | I find {a} {o} | {A}: {o} | as for {a}, {o} | {A} turned out {o} |
        I would call {a} {o} | {A} seems {o} so far | about {a}, I'd say {o} | {A}... {o}"""
    ),
    opening={
        1: words(
            """Bought this {p} {w} | Got the {p} {w} | Ordered it {w} |
            My second {p} from here | Been using it for {d} | Had this {p} for {d} now |
            I read the other reviews before buying | My {f} asked for one |
            Finally tried this {p} | First order with this shop | Happy with this"""
        ),
        0: words(
            """I wanted a {p} for my {f} | It is what it is | Ordered it {w} |
            Used it for {d} | Mixed feelings about this {p} | Took a chance on it |
            It does the job, mostly | Hmm"""
        ),
        -1: words(
            """Not happy with this {p} | I had hoped for more | Ordered it {w}, regret it |
            Stopped working after {d} | Would not buy again |
            Bought it for my {f} and had to apologise | After {d} I gave up on this {p} |
            What a waste | Be careful with this one | Wrong item at first"""
        ),
    },
    when=words(
        """last week | on sale | last month | for the holidays | on a whim |
        after my old one broke | for the office | for my birthday |
        because of the discount | after a friend told me about it"""
    ),
    duration=words(
        """two days | a week | three weeks | a couple of days | a month | one evening |
        ten days"""
    ),
    family=words(
        """wife | husband | son | daughter | mother | father | sister | flatmate | boss |
        nephew"""
    ),
    delivery={
        1: words(
            """Delivery was quick | Arrived a day early |
            Shipping took two days, well packed | Came on time | The courier was friendly |
            Box arrived in one piece | Fast delivery"""
        ),
        0: words(
            """Delivery took about a week | Arrived when it should | Shipping was okay |
            The box had a dent but nothing broke | Had to pick it up myself"""
        ),
        -1: words(
            """Delivery took forever | The parcel was torn open | It came three days late |
            The courier left it in the rain | Nobody answered my question about shipping |
            Tracking never updated"""
        ),
    },
    price={
        1: words(
            """Worth the money | Good value | Cheaper than in town |
            For this price you can't go wrong | With the coupon it was a steal"""
        ),
        0: words(
            """Price is fair | A bit expensive | You get what you pay for |
            Saw it cheaper a week later"""
        ),
        -1: words(
            """Not worth the money | Overpriced | Cheap for a reason |
            I want my money back | The price dropped the next day"""
        ),
    },
    closing={
        1: words(
            """Would buy again | Recommended | Will order another one |
            Thanks to the seller | Five stars from me | My {f} loves it |
            Can recommend the shop | Very satisfied | Let's see how long it lasts |
            Seller answered my questions"""
        ),
        0: words(
            """Not sure I would buy it again | Three stars | Could be better |
            Maybe I expected too much | Will update after a few weeks |
            Fine for occasional use"""
        ),
        -1: words(
            """Sending it back | Avoid | Still waiting for an answer | Look elsewhere |
            One star is generous | Customer service did not help | Asked for a refund |
            Never again"""
        ),
    },
    praise=words(
        """Amazing product | Absolutely love it | Best {p} ever | Super happy | Must buy |
        Great seller, great product | So good | Perfect, just perfect |
        Highly recommended to everyone | Love love love it | 10/10 |
        Exceeded my expectations"""
    ),
    abuse=words(
        """Total rubbish | Do not buy | Worst {p} ever | Complete scam | Terrible quality |
        Zero stars if I could | Fake product | Horrible seller | Broke at once |
        Everyone stay away"""
    ),
    short={
        1: words(
            """Good | Great | Nice | ok good | very good | Good product | Love it |
            As described | 👍 | fast, good | Nice one | good quality | All good | Perfect |
            Happy | thx | works | works well"""
        ),
        0: words(
            """ok | it's ok | fine | average | meh | so so | acceptable | 3 stars |
            nothing special | does the job"""
        ),
        -1: words(
            """Bad | bad quality | broken | not good | disappointed | refund please | no |
            terrible | don't | wrong size"""
        ),
    },
    emoji={
        1: words("👍 | 😊 | ❤️ | 😍 | 🎉 | ⭐ | 💯"),
        0: words("🤔 | 😐 | 🙂"),
        -1: words("👎 | 😡 | 😞 | 🙄"),
    },
    joints=(". ", ". ", ". ", ", ", "! ", " - ", "; ", ", but ", ". Also, "),
    ends=("", "", ".", "!", "..."),
    spice=words("质量 ok | 还不错 | 快递很快 | 有点贵 | 性价比 high | nice 的 | 下次再来"),
    slips={},
)
