"""From a refusal of the libraries to a status, words for a person, and an error page or problem+json.

`REFUSALS` is the only table of words: one line per code, sorted. `%(fact)s` is filled from the refusal's facts.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from http import HTTPStatus

from flask import Flask, Response, current_app, json, render_template, request
from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString
from markupsafe import Markup
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound
from werkzeug.routing import RoutingException
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form

import engage.errors as engage_errors
import surveys.errors as surveys_errors
from engage.errors import EngageError
from surveys import flow
from surveys.errors import SurveyError
from webapp import formats
from webapp.wiring import db

NUMBER_OUT_OF_RANGE = "22003"  # PostgreSQL's SQLSTATE

Refusal = EngageError | SurveyError

STATUSES: dict[type[Exception], int] = {
    engage_errors.NotFound: 404,
    engage_errors.Invalid: 422,
    engage_errors.Conflict: 409,
    engage_errors.Denied: 403,
    surveys_errors.NotFound: 404,
    surveys_errors.Invalid: 422,
    surveys_errors.Conflict: 409,
}

REFUSALS: dict[str, LazyString] = {
    "above_maximum": lazy_gettext("数字不能大于 %(max)s。"),
    "activity_attended": lazy_gettext("已有人在这个环节签到，不能删除。"),
    "activity_chosen": lazy_gettext("已有 %(taken)s 人选择这个环节，不能删除。"),
    "activity_full": lazy_gettext("这个环节的名额不足，还剩 %(free)s 个。"),
    "already_answered": lazy_gettext("您已提交过这份问卷，每人只能提交一次。"),
    "already_cancelled": lazy_gettext("这个报名已经取消。"),
    "already_here": lazy_gettext("已有人到场签到，不能再修改或取消，请到现场处理。"),
    "already_registered": lazy_gettext("不能使用这个姓名和联系方式，请换一位或与主办单位联系。"),
    "already_replaced": lazy_gettext("这个名额已经换成其他人，请返回入场凭证页面查看。"),
    "already_settled": lazy_gettext("这一条已经处理过，请刷新页面后查看。"),
    "anonymous_texts": lazy_gettext("匿名问卷的文字回答只能遮盖后导出。"),
    "anonymous_undivided": lazy_gettext("匿名问卷不提供筛选，以免从中认出个人。"),
    "answers_refused": lazy_gettext("有 %(answers)s 项内容需要检查，请按提示修改。"),
    "bad_code": lazy_gettext("代码应以小写字母开头，只含小写字母、数字和下划线，最多 40 个字符。"),
    "bad_colour": lazy_gettext("颜色应写成 #14508c 的形式。"),
    "bad_condition": lazy_gettext("显示条件的写法不对（%(at)s），应为：%(expected)s。"),
    "bad_interval": lazy_gettext("轮换间隔不在可选范围内，请重新选择。"),
    "bad_option": lazy_gettext("第 %(place)s 个选项有误，请填写文字；“其他”和“以上都不是”请用下方的设置。"),
    "bad_quota": lazy_gettext("第 %(place)s 个选项的名额应为 1 以上的整数，不限名额请留空。"),
    "bad_reminder": lazy_gettext("提前的天数应为 0 至 60 的整数。"),
    "bad_series_slug": lazy_gettext("系列的网址名称只能使用小写字母、数字和连字符。"),
    "bad_setting": lazy_gettext("题目设置的值不合适，请检查。"),
    "bad_sheet_number": lazy_gettext("问卷编号应为从 1 开始的整数。"),
    "below_minimum": lazy_gettext("数字不能小于 %(min)s。"),
    "board_not_found": lazy_gettext("没有这块大屏，地址可能已更换或停用，请向主办单位索取新的地址。"),
    "category_exists": lazy_gettext("已有相同代码或名称的类别，请换一个。"),
    "category_full": lazy_gettext("这个类别的名额不足，还剩 %(free)s 个。"),
    "category_not_open": lazy_gettext("这类身份需凭邀请报名，请选择其他身份，或从邀请函中的链接进入。"),
    "changed": lazy_gettext("问卷刚刚有改动，请刷新页面，核对后重新提交。"),
    "closes_before_opens": lazy_gettext("停止收集的时间应晚于开始收集的时间。"),
    "code_taken": lazy_gettext("编号“%(question)s”已被使用，请换一个。"),
    "companion_name_missing": lazy_gettext("请填写姓名；不需要的一行请清空。"),
    "companion_repeated": lazy_gettext("这个人已在名单中，请不要重复填写。"),
    "conclusion_too_long": lazy_gettext("结论最多 %(limit)s 字，请精简。"),
    "condition_impossible": lazy_gettext("请选择“%(label)s”现有的选项作为条件。敏感内容不能作为条件。"),
    "condition_later": lazy_gettext("%(place)s的显示条件用到了“%(question)s”，但它不在前面。请调整顺序，或修改条件。"),
    "condition_mismatch": lazy_gettext("%(place)s的显示条件用到了“%(question)s”，这种题型的回答不能这样比较。"),
    "condition_missing_option": lazy_gettext("%(place)s的显示条件用到了“%(question)s”中不存在的选项。请先修改条件。"),
    "condition_never": lazy_gettext("%(place)s的显示条件前后矛盾，永远不会成立，请修改。"),
    "condition_not_earlier": lazy_gettext("只能依赖排在前面的内容。所依赖的“%(other)s”不在这一项之前，或已删除。"),
    "condition_unknown": lazy_gettext("%(place)s的显示条件用到了“%(question)s”，但没有这道题。请先修改条件。"),
    "conflict": lazy_gettext("现在不能进行这项操作，请刷新页面后重试。"),
    "consent_missing": lazy_gettext("请阅读说明并勾选同意，否则不能为您登记。"),
    "contact_missing": lazy_gettext("请填写联系电话。"),
    "crossed_with_itself": lazy_gettext("请选择两个不同的题目或属性进行交叉分析。"),
    "denied": lazy_gettext("您没有权限进行这项操作。"),
    "device_name_missing": lazy_gettext("请填写设备名称。"),
    "device_name_taken": lazy_gettext("已有名为“%(name)s”的设备，请换一个名称。"),
    "device_token_refused": lazy_gettext("设备令牌无效或已停用，请向管理员索取新的令牌。"),
    "device_unknown": lazy_gettext("没有这台设备，可能已被删除。"),
    "doubt_unknown": lazy_gettext("没有这条待核对的记录，可能已被删除。"),
    "encrypted_workbook": lazy_gettext("文件有密码保护，请取消密码后另存再上传。"),
    "end_missing": lazy_gettext("请填写结束时间。"),
    "ends_before_start": lazy_gettext("结束时间应晚于开始时间。"),
    "engage_error": lazy_gettext("这项操作无法完成，请稍后重试。"),
    "event_full": lazy_gettext("活动名额不足，还剩 %(free)s 个。"),
    "event_not_found": lazy_gettext("没有这个活动，可能已被删除或地址有误。"),
    "event_not_published": lazy_gettext("活动还没有发布，或已经结束、取消。"),
    "export_interrupted": lazy_gettext("导出多次中断，没有完成。请重新导出；如仍不行，请与管理员联系。"),
    "field_answered": lazy_gettext("已有 %(answers)s 人填写，类型、填写对象和敏感设置不能再改。可停用后另加一项。"),
    "field_needed": lazy_gettext("“%(label)s”要根据这一项的回答显示，请先修改那一项的显示条件。"),
    "field_not_found": lazy_gettext("没有这一项，可能已被删除。"),
    "file_missing": lazy_gettext("没有这个文件，可能已被删除。"),
    "file_too_large": lazy_gettext("文件不能超过 %(limit)s MB，请压缩后重新选择。"),
    "file_type_refused": lazy_gettext("只接受 %(kinds)s 文件，且不含宏、不加密码、没有损坏，请重新选择。"),
    "files_not_anonymous": lazy_gettext("匿名问卷不能收集文件或照片（“%(question)s”）：文件内容会透露是谁提交的。请删除这道题，或改为记名问卷。"),
    "form_too_large": lazy_gettext("表单的工作表“%(sheet)s”超过 %(limit)s 行，请拆成几份问卷。"),
    "frozen": lazy_gettext("已有人作答，问卷不能删除，是否匿名也不能再改。需要时请复制一份。"),
    "full": lazy_gettext("名额不足，请减少人数或选择其他场次。"),
    "guest_unknown": lazy_gettext("没有找到这位来宾。请核对姓名和联系方式是否与报名时一致，或到签到处咨询工作人员。"),
    "handed_over": lazy_gettext("您已将报名转给他人。"),
    "illegal_move": lazy_gettext("活动的当前状态不允许这项操作，请刷新页面后查看。"),
    "in_series_already": lazy_gettext("这个活动已经属于一个系列，请先移出。"),
    "invalid": lazy_gettext("填写的内容有误，请检查后重试。"),
    "invalid_answers": lazy_gettext("有的回答需要修改，请检查后重新提交。"),
    "invalid_credit_code": lazy_gettext("统一社会信用代码应为 18 位，请逐位核对，注意最后一位校验码。"),
    "invalid_email": lazy_gettext("电子邮箱格式不对，应为 name@example.com 的形式，请检查后重试。"),
    "invalid_identity_number": lazy_gettext("身份证号应为 18 位，请逐位核对出生日期和最后一位校验码。"),
    "invalid_phone": lazy_gettext("手机号应为 11 位数字，固定电话请带区号，请检查后重试。"),
    "invitation_answered": lazy_gettext("这份邀请已经答复过。"),
    "invitation_needed": lazy_gettext("这个活动仅限受邀人员，请从邀请函中的个人链接进入。"),
    "invitation_not_found": lazy_gettext("这个邀请链接无效或已收回。请核对链接是否完整，或与主办单位联系。"),
    "invitee_in_use": lazy_gettext("此人已被邀请或已报名，不能删除。"),
    "label_missing": lazy_gettext("请填写名称。"),
    "last_admin": lazy_gettext("这是最后一位管理员，请先指定另一位管理员。"),
    "limit_misplaced": lazy_gettext("第 %(place)s 项不能设置显示条件或名额，只有单选题和多选题的选项可以。"),
    "limit_reached": lazy_gettext("问卷已收满，不再接收新的回答。感谢您的关注。"),
    "link_expired": lazy_gettext("链接已过期，请重新获取。"),
    "link_invalid": lazy_gettext("链接无效，请核对是否完整。"),
    "message_not_found": lazy_gettext("没有这条消息，可能已被删除。"),
    "missing": lazy_gettext("请回答这一题。"),
    "more_than_one": lazy_gettext("这一题只能选一项。"),
    "name_missing": lazy_gettext("请填写姓名。"),
    "never_fits": lazy_gettext("名额一共 %(seats)s 个，您一行 %(wanted)s 人，候补也坐不下。请减少人数或分开报名。"),
    "no_companions": lazy_gettext("您的身份不能带随行人员，请删去填写的随行人员。"),
    "no_contact": lazy_gettext("请填写手机号或电子邮箱，至少一项。"),
    "no_guests": lazy_gettext("演练至少需要一位来宾。"),
    "no_header": lazy_gettext("没有找到列名所在的行，请确认表格中有姓名等列名。"),
    "no_place_left": lazy_gettext("“%(option)s”的名额已经给了别人，这份回答不能恢复。"),
    "no_seat": lazy_gettext("这张凭证没有名额，不能换人。"),
    "no_substitute": lazy_gettext("没有可以邀请的替代人员，或其已在邀请名单中。"),
    "no_such_export": lazy_gettext("没有这份导出，可能已过期删除，或不是您导出的。请重新导出。"),
    "no_such_file": lazy_gettext("没有这个文件，或者它所属的回答已被剔除。"),
    "no_such_item": lazy_gettext("题库中没有这一项，可能已被删除。"),
    "no_such_question": lazy_gettext("没有这个问题，可能已被删除。"),
    "no_such_questionnaire": lazy_gettext("没有这份问卷，可能已被删除。请核对链接是否完整，或与主办单位联系。"),
    "no_such_response": lazy_gettext("没有这份回答，可能已被删除。"),
    "no_such_section": lazy_gettext("没有这个分组，可能已被删除。"),
    "no_such_sheet": lazy_gettext("没有录入过这个编号的问卷，可能已撤销。"),
    "no_such_template": lazy_gettext("没有这个模板，请重新选择。"),
    "no_such_theme": lazy_gettext("没有这个主题，可能已重新整理，请返回主题页查看。"),
    "no_such_version": lazy_gettext("没有这个版本，请返回问卷查看。"),
    "nobody_chosen": lazy_gettext("没有符合条件的人员。"),
    "nobody_new": lazy_gettext("这就是现在的人员，请填写新的人员。"),
    "not_a_credit_code": lazy_gettext("这不是统一社会信用代码，请检查全部 18 位。"),
    "not_a_date": lazy_gettext("请填写日期，例如 2026-03-18。"),
    "not_a_day": lazy_gettext("请填写日期，例如 2026-03-18。"),
    "not_a_file": lazy_gettext("请选择文件。"),
    "not_a_moment": lazy_gettext("请填写日期和时间，例如 2026-03-18 09:30。"),
    "not_a_number": lazy_gettext("请填写数字，例如 3 或 2.5。"),
    "not_a_phone": lazy_gettext("请填写一个电话号码：手机号 11 位，座机号加区号。"),
    "not_a_time": lazy_gettext("请填写时间，例如 09:30。"),
    "not_a_workbook": lazy_gettext("文件不是 .xlsx 表格，也不是文本表格，请另存为 .xlsx 或 .csv 后上传。"),
    "not_alone": lazy_gettext("选了“以上都不是”，就不能再选别的。"),
    "not_an_email": lazy_gettext("这不是电子邮箱地址，请检查。"),
    "not_an_xlsform": lazy_gettext("文件不是 XLSForm：应有名为 survey 的工作表，其中有 type 一列。"),
    "not_declined": lazy_gettext("答复不参加后才能推荐他人。"),
    "not_editable": lazy_gettext("活动已结束或取消，不能再修改。"),
    "not_entered": lazy_gettext("不能登记，请查看原因后重试。"),
    "not_found": lazy_gettext("没有找到您要的内容，可能已被删除或地址有误。"),
    "not_here": lazy_gettext("此人尚未签到。"),
    "not_in_form": lazy_gettext("格式不符合要求，请按提示填写。"),
    "not_in_series": lazy_gettext("这场活动不属于任何系列，或没有关联问卷，不能比较。"),
    "not_leader": lazy_gettext("只有登记报名的人能更改或取消，请用其本人的入场凭证操作。"),
    "not_mobile": lazy_gettext("手机号应为 11 位数字，请检查后重试。"),
    "not_offered": lazy_gettext("现在没有为您保留的名额：确认时限已过，或名额已经让给下一位。如仍想参加，请重新报名或登记候补。"),
    "not_on_screen": lazy_gettext("大屏上没有这道题，请先勾选要展示的题目。"),
    "not_open": lazy_gettext("问卷现在不接受填写。"),
    "not_reached_so": lazy_gettext("此人没有这种联系方式，请先补充。"),
    "not_sent": lazy_gettext("只有已发出的消息才能标为退回。"),
    "not_waiting": lazy_gettext("这个报名已不在候补名单中，请刷新页面后查看。"),
    "not_whole": lazy_gettext("请填写整数。"),
    "nothing_chosen": lazy_gettext("请先选中要移动的回答。"),
    "nothing_to_ask": lazy_gettext("问卷还没有问题，请先添加问题再开放作答。"),
    "nothing_to_cross": lazy_gettext("这道题没有可以交叉的选项，请选择其他题目。"),
    "nothing_to_import": lazy_gettext("表单里没有可以导入的问题。"),
    "nothing_to_merge": lazy_gettext("请至少选中两个主题再合并。"),
    "nothing_to_undo": lazy_gettext("没有可以撤销的操作。"),
    "offer_too_long": lazy_gettext("候补确认时限应为 0 至 %(most)s 小时。"),
    "old_workbook": lazy_gettext("文件是旧的 .xls 格式，请另存为 .xlsx 后上传。"),
    "option_full": lazy_gettext("“%(option)s”名额已满，请改选其他选项。"),
    "option_not_shown": lazy_gettext("根据您前面的回答，不能选择“%(option)s”，请改选其他选项。"),
    "options_missing": lazy_gettext("请至少填写两个选项，每行一个。"),
    "other_missing": lazy_gettext("选择“其他”时请写明内容。"),
    "outside_event": lazy_gettext("环节时间应在活动时间之内。"),
    "password_is_user_name": lazy_gettext("密码不能包含用户名，请换一个密码。"),
    "password_too_short": lazy_gettext("密码至少需要 %(least)s 个字符。"),
    "password_wrong": lazy_gettext("当前密码不正确，请重新输入。"),
    "people_changed": lazy_gettext("人员信息刚刚有变化，请重新核对后再导入。"),
    "person_here": lazy_gettext("这个人已经签到入场，如需调整请联系现场工作人员。"),
    "personal_link_only": lazy_gettext("这份问卷请用您本人的个人链接填写。链接在您的入场凭证页面，也在我们发给您的消息里。"),
    "picture_too_large": lazy_gettext("照片的像素太多，最多 %(most)s 百万，请缩小后重新选择。"),
    "pipe_later": lazy_gettext("%(place)s的文字引用了“%(question)s”的答案，但它不在前面。"),
    "pipe_unknown": lazy_gettext("%(place)s的文字引用了“%(question)s”的答案，但没有这道题，或者它的答案不能引用。"),
    "place_missing": lazy_gettext("请填写地点。"),
    "purpose_missing": lazy_gettext("收集敏感信息必须说明用途，请填写。"),
    "questionnaire_full": lazy_gettext("问卷已收满 %(most)s 份，恢复这一份就会超出。请先在问卷设置中提高“最多收集份数”。"),
    "quota_above_capacity": lazy_gettext("名额不能超过活动总名额 %(capacity)s。"),
    "quota_below_taken": lazy_gettext("已有 %(taken)s 人报名，名额不能少于这个数。"),
    "rank_left_out": lazy_gettext("名次应从 1 开始，中间不能空缺。"),
    "rank_twice": lazy_gettext("有两项的名次相同，请改为不同的名次。"),
    "reason_missing": lazy_gettext("请填写理由。"),
    "registration_closes_too_late": lazy_gettext("报名截止时间不能晚于活动结束时间。"),
    "registration_not_found": lazy_gettext("没有这个报名，可能已被删除。"),
    "registration_not_yet_open": lazy_gettext("报名尚未开始，将于%(opens_at)s开放。"),
    "registration_over": lazy_gettext("报名已于%(closed_at)s截止。"),
    "registration_window_reversed": lazy_gettext("报名截止时间应晚于报名开始时间。"),
    "reminder_exists": lazy_gettext("已有相同的提醒。"),
    "reminder_not_found": lazy_gettext("没有这个提醒，可能已被删除。"),
    "reminder_past": lazy_gettext("这个时间已过，或届时已停止报名，请换一个。"),
    "rows_missing": lazy_gettext("请为每一项作答。"),
    "same_person": lazy_gettext("已有姓名和电话或邮箱相同的人员，请核对。"),
    "screen_not_found": lazy_gettext("没有这块大屏，地址可能已更换或停用，请向主办单位索取新的地址。"),
    "sealed_with_another_key": lazy_gettext("加密内容无法用当前密钥读取，请联系管理员核对 ENGAGE_FIELD_KEY 设置。"),
    "seat_taken": lazy_gettext("持这张凭证的人已经到场，不能换人。"),
    "seats_not_positive": lazy_gettext("名额应为 1 以上的整数，不限请留空。"),
    "section_not_empty": lazy_gettext("分组中还有问题，请先移走或删除问题。"),
    "separate_consent_missing": lazy_gettext("这一项属于敏感个人信息，请勾选单独同意；不同意请清空此项。"),
    "series_not_found": lazy_gettext("没有这个系列，可能地址有误。"),
    "series_slug_taken": lazy_gettext("网址名称“%(slug)s”已被其他系列使用，请换一个。"),
    "settlement_impossible": lazy_gettext("这一条不能这样处理，请选择其他方式。"),
    "setup_over": lazy_gettext("管理员账号已经创建，请直接登录。"),
    "sheet_entered": lazy_gettext("第 %(number)s 号问卷已经录入过，请核对编号。"),
    "sheet_too_large": lazy_gettext("表格内容过多，请删除空行空列或拆分后上传。"),
    "sign_in_failed": lazy_gettext("用户名或密码不正确。连续 %(allowed)s 次不正确，账号锁定 %(minutes)s 分钟；可请管理员重设密码。"),
    "slug_taken": lazy_gettext("网址名称“%(slug)s”已被其他活动使用，请换一个。"),
    "spss_not_installed": lazy_gettext("服务器没有安装 SPSS 导出组件（pyreadstat），请联系管理员安装，或改用 Excel、CSV 导出。"),
    "start_missing": lazy_gettext("请填写开始时间。"),
    "still_queued": lazy_gettext("这条消息仍在等待发送，无需重发。"),
    "substitute_invited": lazy_gettext("您推荐的人员已经收到邀请，不能再更改。"),
    "survey_error": lazy_gettext("这项操作无法完成，请稍后重试。"),
    "swap_limit_out_of_range": lazy_gettext("换人截止应在活动开始前 0 至 %(most)s 小时之间；不填则到报名截止为止。"),
    "swap_over": lazy_gettext("换人已于%(ended_at)s截止，如需调整请联系主办单位。"),
    "text_missing": lazy_gettext("请填写问题。"),
    "text_too_long": lazy_gettext("文字过长，请勿超过 %(limit)s 个字符。"),
    "theme_is_one": lazy_gettext("这个主题的回答用词相近，分不开。可以选中回答，移到新主题。"),
    "theme_name_missing": lazy_gettext("请填写主题名称。"),
    "theme_name_too_long": lazy_gettext("主题名称最多 %(limit)s 字，请精简。"),
    "ticket_not_found": lazy_gettext("没有这张入场凭证。请核对链接是否完整，或与主办单位联系。"),
    "title_missing": lazy_gettext("请填写名称。"),
    "too_early": lazy_gettext("不能早于 %(min)s。"),
    "too_fast": lazy_gettext("提交得太快了，请再提交一次。"),
    "too_few_picks": lazy_gettext("请至少选 %(min)s 项。"),
    "too_late": lazy_gettext("不能晚于 %(max)s。"),
    "too_long": lazy_gettext("文字过长，请勿超过 %(limit)s 个字符，请删减后重试。"),
    "too_long_for_a_cell": lazy_gettext("问卷中有的文字过长，表格的一个单元格放不下，请缩短后再导出。"),
    "too_many_companions": lazy_gettext("您的身份最多可带 %(allowed)s 位随行人员，请减少人数。"),
    "too_many_fields": lazy_gettext("报名表最多 %(most)s 项，请先删除不需要的。"),
    "too_many_files": lazy_gettext("最多 %(max)s 个文件，请减少后重新选择。"),
    "too_many_held": lazy_gettext("这里最多可以留出 %(left)s 个名额，请减少。"),
    "too_many_options": lazy_gettext("选项太多，最多 %(most)s 个。"),
    "too_many_picks": lazy_gettext("最多选 %(max)s 项，请取消一些选择。"),
    "too_short": lazy_gettext("至少 %(limit)s 个字。"),
    "unknown_activity": lazy_gettext("所选环节不属于这个活动，请重新选择。"),
    "unknown_category": lazy_gettext("所选类别不存在，请重新选择。"),
    "unknown_kind": lazy_gettext("没有这种题型，请重新选择。"),
    "unknown_option": lazy_gettext("没有这个选项，请重新选择。"),
    "unreadable_file": lazy_gettext("文件无法读取，请检查后重新上传。"),
    "user_name_invalid": lazy_gettext("用户名应为 2 至 60 个字母、数字、点、连字符或下划线。"),
    "user_name_taken": lazy_gettext("用户名“%(username)s”已被使用，请换一个。"),
    "user_unknown": lazy_gettext("没有这个用户，可能已被删除。"),
    "venue_code_over": lazy_gettext("签到码已更新，请再扫一次大屏上的二维码。"),
    "venue_not_found": lazy_gettext("这场活动没有开启扫码签到，请到签到处签到。"),
    "wrong_state": lazy_gettext("问卷的当前状态不允许这项操作，请刷新页面后查看。"),
}

# What the visitor reads for a status, and what to do next.
PAGES: dict[int, tuple[LazyString, LazyString]] = {
    400: (lazy_gettext("请求无法处理"), lazy_gettext("页面可能已过期。请返回上一页，刷新后重新提交。")),
    401: (lazy_gettext("请先登录"), lazy_gettext("登录后即可继续。")),
    403: (lazy_gettext("没有权限"), lazy_gettext("您的账号不能查看这一页。如需使用，请联系管理员。")),
    404: (lazy_gettext("没有找到页面"), lazy_gettext("地址可能有误，或内容已被删除。请核对链接，或返回首页。")),
    405: (lazy_gettext("操作方式不对"), lazy_gettext("这个地址不能这样使用。请返回上一页，通过页面上的按钮操作。")),
    409: (lazy_gettext("现在不能这样做"), lazy_gettext("情况已经变化。请返回上一页，刷新后再看。")),
    413: (lazy_gettext("文件太大"), lazy_gettext("请减小文件后重新上传。")),
    422: (lazy_gettext("内容有误"), lazy_gettext("请返回上一页，检查填写的内容后重试。")),
    429: (lazy_gettext("操作太频繁"), lazy_gettext("请稍等几分钟后再试。")),
    500: (lazy_gettext("系统出了问题"), lazy_gettext("问题已记录。请稍后重试；如仍不行，请联系主办单位。")),
}


def status_of(error: Refusal) -> int:
    """The HTTP status of a refusal: the entry of the nearest class it derives from."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 400)


def words(error: Refusal) -> str:
    """The refusal in the reader's language. A code without an entry speaks for its family."""
    kinds = [kind for kind in type(error).__mro__ if issubclass(kind, EngageError | SurveyError)]
    template = next(REFUSALS[kind.code] for kind in kinds if kind.code in REFUSALS)
    return str(template) % _Facts(error.facts)


def words_of(code: str) -> str:
    """The words for a code that was kept, where its facts are not known any more."""
    return str(REFUSALS[code]) % _Facts({})


def form_refused(form: Form, error: Refusal) -> None:
    """Put the words next to the field that the refusal names, or on top of the form (`form.form_errors`)."""
    field = form._fields.get(error.field or "")
    if field is None:
        form.form_errors.append(words(error))
    else:
        field.errors = [*field.errors, words(error)]


class _Facts(defaultdict[str, str]):
    """Facts as text; one that is missing is left out rather than failing on the way to the reader."""

    def __init__(self, facts: Mapping[str, object]) -> None:
        super().__init__(str, {name: _shown(value) for name, value in facts.items()})


def _shown(value: object) -> str:
    if isinstance(value, flow.Place):
        return place_words(value)
    if isinstance(value, datetime):
        return formats.when(value)
    if isinstance(value, date):
        return formats.day(value)
    return str(value)


def place_words(place: flow.Place) -> str:
    """Where in a questionnaire something is wrong, as its page numbers it."""
    if not place.code:
        return gettext("第 %(number)s 组", number=place.section)
    question = gettext("第 %(number)s 题", number=place.question) if place.question else gettext("说明文字“%(code)s”", code=place.code)
    return gettext("%(question)s的选项“%(option)s”", question=question, option=place.option) if place.option else question


def problem(status: int, detail: str = "", *, code: str, headers: Mapping[str, str] | None = None, **members: object) -> Response:
    """An answer of the API that says what is wrong: RFC 9457, with a stable `code`."""
    title, advice = _told(status)
    body = {"type": "about:blank", "title": str(title), "status": status, "code": code, "detail": detail or str(advice), **members}
    return Response(json.dumps(body, ensure_ascii=False), status, headers, content_type="application/problem+json")


def _told(status: int) -> tuple[LazyString, LazyString]:
    return PAGES.get(status) or PAGES[500 if status >= HTTPStatus.INTERNAL_SERVER_ERROR else 400]


def _answer(status: int, detail: str, *, code: str, headers: Mapping[str, str]) -> Response:
    if request.path.startswith("/api/"):
        return problem(status, detail, code=code, headers=headers)
    title, advice = _told(status)
    try:
        page = render_template("error.html", status=status, title=title, detail=detail, advice=advice)
    except Exception:  # the page itself may need what is broken, the database for instance
        current_app.logger.exception("the error page failed")
        page = Markup("<!doctype html><meta charset=utf-8><title>{0}</title><h1>{0}</h1><p>{1}</p>").format(title, detail or advice)
    return Response(page, status, headers, content_type="text/html; charset=utf-8")


def refused(error: Refusal) -> Response:
    """A refusal that no view took care of."""
    return _answer(status_of(error), words(error), code=error.code, headers={})


def http_error(error: HTTPException) -> BaseResponse:
    """What Flask and Werkzeug refuse: never their English descriptions, never a trace."""
    if isinstance(error, RoutingException):  # a redirect to the address with a slash
        return error.get_response(request.environ)
    wanted = {"Retry-After", "Allow", "WWW-Authenticate"}
    headers = {name: value for name, value in error.get_headers() if name in wanted}
    return _answer(error.code or 500, "", code=error.name.lower().replace(" ", "_"), headers=headers)


def beyond_numbers(error: OverflowError | DataError) -> BaseResponse:
    """An id or a page number larger than the database's integers belongs to nothing; anything else is a failure of ours."""
    too_large = "SQLite INTEGER" in str(error) or getattr(getattr(error, "orig", None), "sqlstate", "") == NUMBER_OUT_OF_RANGE
    if not too_large:
        raise error
    db.session.rollback()  # PostgreSQL answers nothing more in this transaction, and the error page may ask
    return http_error(NotFound())


def init_app(app: Flask) -> None:
    app.register_error_handler(OverflowError, beyond_numbers)
    app.register_error_handler(DataError, beyond_numbers)
    app.register_error_handler(EngageError, refused)
    app.register_error_handler(SurveyError, refused)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(InternalServerError, http_error)
