"""
A small SIP phone on loopback that sends and recognises real audio.

Only a phone that hears can say who is connected to whom: every party sends a tone of its own.

    async with await Phone.start("a1", server=("127.0.0.1", sip_port), tone_hz=700) as agent:
        agent.answers(after_s=0.3)
        call = await caller.dial("8000", from_user="4930123", within_s=5)
        await call.hears(700, within_s=2)
        await call.hang_up()
"""
