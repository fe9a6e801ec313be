"""Words and phrases that speak for each default label: data for the keyword engine.

A weight is roughly the log-odds a single mention adds. Words are matched by stem, phrases as whole words in order.
Words that stand in tickets of every kind ("account", "email", "issue") are weak or left out.
"""

_BILLING = """
3 refund invoice overcharged overcharge reimbursement reimburse chargeback vat prorated
3 | double charge | charged twice | money back | direct debit | credit note | purchase order | wrong amount | billing
2.5 charge billed payment paid pay subscription renewal fee receipt price pricing discount coupon cost debit
2.5 payroll deposit interest
2.5 | credit card | debit card | card was declined | sales tax | promo code | late fee
2 renew bill tax plan downgrade quote refunded cashback transaction cheque check-out statement balance expensive
2 usd eur gbp dollar euro pounds
2 | bank account | free trial | annual plan | exchange rate | top up | bank transfer
1.5 cancel amount upgrade trial loan cash transfer money purchase spend credit atm currency bank
1 card month monthly annual yearly deducted twice
"""

_TECHNICAL = """
3 outage crash bug stacktrace traceback exception timeout nullpointerexception segfault
3 | error message | not working | stopped working | does not work | doesn't work | blank screen | status code
3 | server down | is down | times out | timed out | two-factor | error 500 | keeps crashing | won't load | can't log in
2.5 error server login api 500 502 503 504 404 ssl dns vpn database sync latency deploy deployment glitch downtime
2.5 broken fail failed failing failure freeze frozen unresponsive webhook integration offline hacked
2.5 | log in | sign in | locked out | password reset | reset my password | white screen | data loss | cannot connect
2 password bug install update browser load loading connect connection network slow ui screen display upload website
2 app printer laptop software device firmware wifi router sso saml authentication token cache query script server
2 regression reproduce config cluster node thread build test patch compile null
1.5 button page click code log data backup migration version site system desktop phone verification
1 access restart reboot monitor fix reset stuck missing wrong
"""

_LEGAL = """
3.5 gdpr ccpa lawsuit subpoena dpa attorney lawyer litigation trademark copyright indemnity infringement hipaa
3.5 solicitor plaintiff defendant injunction ombudsman subprocessor sub-processor nda arbitration dmca statutory
3 legal sue sued court regulator compliance contract clause liability consent patent jurisdiction counsel
3 | personal data | data protection | legal action | data processing | right to be forgotten | erase my data | soc 2
3 | delete my data
3 | delete all my data | data subject | terms of service | terms and conditions | legal department
3 | breach of contract
3 | debt collector | identity theft | small claims | intellectual property | data retention | iso 27001
2.5 audit privacy agreement amendment signature fraudulent fdcpa fcra rights warrant sar evidence
2 law legally illegal regulatory regulation policy questionnaire certificate threatened threaten debt collection
2 harass harassment collector lien garnish violation violate sign countersign dispute
1 delete copy request notice
"""

_FEATURE = """
3.5 | feature request | would be great | would be nice | please add | could you add | dark mode | would love | nice to have
3.5 suggestion enhancement roadmap wishlist
3.5 | feature | would be helpful | would be useful | would be lovely
3 wish suggest idea
3 | ability to | option to | any plans | are there plans | plan to support | consider adding
3 | it would help
3 | should be able | way to export | support for | allow us | let us | add support | can you make
2.5 improve improvement shortcut customise customize
2.5 | we'd love | i'd love | would like to see | be able to
2 add export filter bulk calendar template widget theme integrate option allow
1 support missing bigger sort
"""

_GENERAL = """
3 | opening hours | thank you so much | how do i | how can i | where can i | do you ship | business hours | phone number
2.5 hello partnership career careers hiring job vacancy delivery deliver shipping parcel demo press interview office
2.5 student kudos
2.5 | change my name | change my address | where is my order | get started | speak to | talk to sales
2 order address thanks question documentation ship track tracking arrive package location hours open sales
2 | how do you
2 | do you have | just wanted | can you tell me | what is your | i would like to know | change of name
1.5 where when who what tutorial guide learn information name details invite visit
1 country contact curious wondering
"""

_SOURCES = {
    "Billing": _BILLING,
    "Technical": _TECHNICAL,
    "Legal": _LEGAL,
    "Feature Request": _FEATURE,
    "General": _GENERAL,
}


def _parse(block: str) -> dict[str, float]:
    """Each line is a weight, then words; or, with bars, phrases."""
    table: dict[str, float] = {}
    for line in block.strip().splitlines():
        weight, _, rest = line.partition(" ")
        terms = rest.split("|") if "|" in rest else rest.split()
        table.update({term.strip(): float(weight) for term in terms if term.strip()})
    return table


LEXICON: dict[str, dict[str, float]] = {label: _parse(block) for label, block in _SOURCES.items()}
