from django.urls import path

from accounts.views import account, assistance, confirm, first_login, passwords, sign_in, terms

app_name = "accounts"
urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/password/", sign_in.password, name="sign-in-password"),
    path("sign-in/terms/", terms.terms, name="terms"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("first-time-login/", first_login.begin, name="first-time-login"),
    path("first-time-login/password/", first_login.choose_password, name="choose-password"),
    path("forgot-password/", passwords.forgot_password, name="forgot-password"),
    path("forgot-password/<str:token>/", passwords.reset_password, name="reset-password"),
    path("forgot-user-id/", passwords.forgot_user_id, name="forgot-user-id"),
    path("account/", account.my_account, name="my-account"),
    path("account/password/", account.change_password, name="change-password"),
    path("account/confirm/", confirm.confirm, name="confirm"),
    path("help/registration/", assistance.registration, name="help-registration"),
    path("help/login/", assistance.login, name="help-login"),
]
