{{ config(severity='error', meta={'grain': 'local_month'}) }}

with departments as (

    select
        local_month,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers,
        sum(received) as received
    from {{ ref('usage_by_department_monthly') }}
    group by local_month

),

people as (

    select
        local_month,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers,
        sum(received) as received
    from {{ ref('usage_by_person_monthly') }}
    group by local_month

)

select
    coalesce(departments.local_month, people.local_month) as local_month,
    departments.messages as messages_of_departments,
    people.messages as messages_of_people,
    departments.file_transfers as file_transfers_of_departments,
    people.file_transfers as file_transfers_of_people,
    departments.received as received_of_departments,
    people.received as received_of_people
from departments
full outer join people on departments.local_month = people.local_month
where
    coalesce(departments.messages, 0) <> coalesce(people.messages, 0)
    or coalesce(departments.file_transfers, 0) <> coalesce(people.file_transfers, 0)
    or coalesce(departments.received, 0) <> coalesce(people.received, 0)
