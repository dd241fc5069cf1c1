{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with usage as (

    select
        *,
        cast(date_trunc('month', local_date) as date) as local_month
    from {{ ref('int_usage_summed') }}
    where conversation is not null

),

deliveries as (

    select
        *,
        cast(date_trunc('month', local_date) as date) as local_month
    from {{ ref('int_deliveries_summed') }}

),

messages as (

    select
        *,
        cast(date_trunc('month', local_date) as date) as local_month
    from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer') and len(recipients) = 0

),

parties as (

    select
        local_month,
        conversation,
        sender as address
    from deliveries
    union
    select
        local_month,
        conversation,
        recipient as address
    from deliveries
    union
    select
        local_month,
        coalesce(conversation_id, sender) as conversation,
        lower(sender) as address
    from messages

),

counted as (

    select
        local_month,
        conversation,
        count(*) as participants
    from parties
    group by local_month, conversation

),

summed as (

    select
        local_month,
        conversation,
        count(distinct active_person_id) as active_people,
        cast(sum(messages) as bigint) as messages,
        cast(sum(file_transfers) as bigint) as file_transfers,
        cast(sum(internal) as bigint) as internal,
        cast(sum(between_sites) as bigint) as between_sites,
        cast(sum(external) as bigint) as external,
        cast(sum(deliveries) as bigint) as deliveries,
        cast(sum(characters) as bigint) as characters,
        cast(sum(body_bytes) as decimal(30, 0)) * cast(0.001 as decimal(4, 3)) as kilobytes,
        cast(sum(billed_file_bytes) as decimal(30, 0)) * cast(0.000001 as decimal(7, 6))
            as file_megabytes,
        min(first_sent_at) as first_sent_at,
        max(last_sent_at) as last_sent_at
    from usage
    group by local_month, conversation

),

final as (

    select
        summed.local_month,
        summed.conversation,
        summed.active_people,
        counted.participants,
        summed.messages,
        summed.file_transfers,
        summed.internal,
        summed.between_sites,
        summed.external,
        summed.deliveries,
        summed.characters,
        summed.kilobytes,
        summed.file_megabytes,
        summed.first_sent_at,
        summed.last_sent_at
    from summed
    inner join counted
        on
            summed.local_month = counted.local_month
            and summed.conversation = counted.conversation

)

select * from final
