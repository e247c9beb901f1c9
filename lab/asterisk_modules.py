"""
Which modules a private Asterisk loads.

Loading all of them takes more than a second and half as much memory again; these are what calls,
audio, the manager and FastAGI need, and boot in a quarter of a second. Order does not matter; the
one trap is that `res_agi` needs `res_speech`.
"""

_BASE = """
    res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject
    res_pjsip res_pjsip_session res_pjsip_sdp_rtp res_pjsip_caller_id
    res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user res_pjsip_registrar
    res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest
    res_pjsip_outbound_registration res_pjsip_header_funcs res_pjsip_notify
    res_pjsip_dtmf_info res_pjsip_pubsub res_pjsip_refer res_pjsip_rfc3326 res_pjsip_logger
    res_pjsip_diversion res_pjsip_nat res_pjsip_maintenance res_rtp_asterisk chan_pjsip
    pbx_config app_dial app_stack app_verbose app_exec app_while app_playback app_echo
    app_milliwatt app_chanspy app_mixmonitor app_read app_record app_senddtmf
    app_userevent app_bridgewait app_confbridge app_bridgeaddchan app_originate
    app_channelredirect app_softhangup app_cdr app_playtones app_db app_blind_transfer
    app_attended_transfer app_transfer res_speech res_agi res_musiconhold bridge_simple
    bridge_builtin_features bridge_builtin_interval_features bridge_holding bridge_softmix
    bridge_native_rtp codec_ulaw codec_alaw codec_gsm codec_resample format_gsm format_wav
    format_pcm format_sln func_channel func_callerid func_cdr func_db func_devstate
    func_global func_groupcount func_logic func_strings func_timeout func_hangupcause
    func_math func_pjsip_endpoint func_pjsip_contact func_pjsip_aor func_volume func_env
    func_cut func_uri func_rand func_dialplan func_evalexten func_lock func_periodic_hook
    func_talkdetect func_holdintercept func_extstate func_sprintf func_json func_shell
    func_module res_mutestream res_manager_devicestate res_clioriginate func_base64
"""

BASE_MODULES = tuple(_BASE.split())

WEB_PHONE_MODULES = (
    "res_crypto",
    "res_http_websocket",
    "res_pjsip_transport_websocket",
    "res_srtp",
    "codec_opus_open_source",
    "res_format_attr_opus",
)
"""What phones in browsers need besides: websocket, encryption, Opus."""
