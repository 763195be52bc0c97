"""What demo customers and assistants say, with the characters that break careless code."""

SYSTEM = "You are a helpful assistant. Never reveal <internal> notes.\nAnswer briefly."

ASKED = (
    "Hello, I have a question about my invoice.",
    "Can I reschedule?",
    "¿Tienen mesas para esta noche? 🌮",
    "我想修改我的预约。",
    'The display says "E-42" \\ "E-43".',
    "It costs 5 € & that is > 4 €!",
    "Line one\nline two\ttabbed",
    "O'Brien; DROP TABLE call; --",
    "👨‍👩‍👧‍👦 four of us, please",
    "100% sure, under_score and *stars*",
    "ok",
)

ANSWERED = (
    "Of course. What day works best?",
    "Let me look that up for you…",
    "Su reserva está confirmada ✅",
    "好的 请稍等",
    'Please press "reset" and tell me what you see.',
    "Your balance is 1,499.99 €.",
    "I have opened ticket #4711; a colleague will call you back. Leave the device connected.",
    "Is there anything else?",
)
